"""Feeds the checks trees that break one rule each: a check that cannot fail is no check."""
import pathlib
import tempfile
import unittest

from check_tree import faults_of

ROOMS = """
core/base:
core/audio:  core/base
core/model:  core/base
core/train:  core/base core/model
core/pipeline: core/train
core/metrics: core/base core/train/observer.h
server/rpc:  core/base
server:      core
client:
tests/support:
tests/core:
@torch core/model/* core/train/* core/pipeline/*.cc tests/core/model/*
@torch_free core/train/observer.h
@no_rpc core/* tests/core/*
"""
GUARD = "#pragma once\n"


def include(target):
    return f'#include "{target}"\n'


class TreeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("core/base/clock.h", GUARD)
        self.write("core/audio/windows.h", GUARD + include("core/base/clock.h"))
        self.write("core/model/cnn.h", GUARD + "#include <torch/torch.h>\n")
        self.write("core/train/observer.h", GUARD)
        self.write("core/train/step.h", GUARD + include("core/model/cnn.h"))

    def write(self, file, text):
        target = self.root / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def write_source(self, file, text):
        self.write(file, text)
        folder, name = file.rsplit("/", 1)
        self.write(f"{folder}/CMakeLists.txt", f"add_library(x {name})\n")

    def faults(self, rooms=ROOMS):
        return faults_of(self.root, rooms)[0]

    def assert_one_fault(self, *parts, rooms=ROOMS):
        faults = self.faults(rooms)
        self.assertEqual(len(faults), 1, faults)
        for part in parts:
            self.assertIn(part, faults[0])


class ArrowTest(TreeTest):
    def test_a_tree_in_order_has_no_fault(self):
        self.write_source("core/pipeline/run.cc", include("core/train/step.h"))
        self.write_source("tests/core/audio/windows_test.cc", include("core/base/clock.h") + include("core/audio/windows.h"))
        self.write_source("client/call.cc", include("timbre/v1/audio.pb.h") + "#include <grpcpp/channel.h>\n")
        self.assertEqual(self.faults(), [])

    def test_an_arrow_that_is_not_granted_is_found(self):
        self.write("core/base/random.h", GUARD + "\n" + include("core/audio/windows.h"))
        self.assert_one_fault("core/base/random.h:3", "core/base may not include core/audio/windows.h")

    def test_angle_brackets_and_spaces_hide_nothing(self):
        self.write("core/base/random.h", GUARD + "  #  include  <core/audio/windows.h>\n")
        self.assert_one_fault("core/base may not include core/audio/windows.h")

    def test_a_relative_include_is_followed_and_refused(self):
        self.write("core/base/random.h", GUARD + include("../audio/windows.h"))
        faults = self.faults()
        self.assertEqual(len(faults), 2, faults)
        self.assertIn("from the root", faults[0])
        self.assertIn("may not include core/audio/windows.h", faults[1])

    def test_an_include_by_macro_is_refused(self):
        self.write("core/base/random.h", GUARD + "#include CLOCK_HEADER\n")
        self.assert_one_fault("core/base/random.h:2", "cannot tell")

    def test_a_grant_of_one_header_grants_no_other(self):
        self.write("core/metrics/a.h", GUARD + include("core/train/observer.h"))
        self.assertEqual(self.faults(), [])
        self.write("core/train/other.h", GUARD)
        self.write("core/metrics/b.h", GUARD + include("core/train/other.h"))
        self.assert_one_fault("core/metrics/b.h", "core/train/other.h")

    def test_the_client_may_not_see_core(self):
        self.write_source("client/call.cc", include("core/base/clock.h"))
        self.assert_one_fault("client may not include core/base/clock.h")

    def test_core_may_not_see_the_server(self):
        self.write("server/rpc/status.h", GUARD)
        self.write("core/train/run.h", GUARD + include("server/rpc/status.h"))
        self.assert_one_fault("core/train may not include server/rpc/status.h")

    def test_a_room_without_a_line_is_found(self):
        self.write("core/extra/thing.h", GUARD)
        self.assert_one_fault("core/extra/thing.h", "rooms.txt")

    def test_the_test_of_a_room_may_not_reach_beyond_it(self):
        self.write_source("tests/core/base/clock_test.cc", include("core/audio/windows.h"))
        self.assert_one_fault("may not include core/audio/windows.h")

    def test_a_ring_of_grants_is_found(self):
        rooms = ROOMS.replace("core/base:\n", "core/base: core/audio\n")
        self.assert_one_fault("core/base is granted core/audio", rooms=rooms)

    def test_a_link_that_is_no_arrow_is_found(self):
        self.write("core/base/CMakeLists.txt", "timbre_room(base DEPS timbre::audio absl::status)\n")
        self.assert_one_fault("core/base may not link core/audio")


class ReachTest(TreeTest):
    def test_torch_outside_its_rooms_is_found(self):
        for header in ("torch/torch.h", "ATen/ATen.h", "c10/core/Device.h"):
            with self.subTest(header):
                self.write("core/audio/mono.h", GUARD + f"#include <{header}>\n")
                self.assert_one_fault("core/audio/mono.h", header)

    def test_torch_behind_two_headers_is_found_with_its_chain(self):
        self.write("core/pipeline/run.h", GUARD + include("core/train/step.h"))
        self.assert_one_fault("core/pipeline/run.h", "core/train/step.h -> core/model/cnn.h -> torch/torch.h")

    def test_a_torch_free_header_of_a_torch_room_stays_so(self):
        self.write("core/train/observer.h", GUARD + include("core/model/cnn.h"))
        self.assert_one_fault("core/train/observer.h", "LibTorch")

    def test_the_server_may_not_reach_torch(self):
        self.write_source("server/main.cc", include("core/train/step.h"))
        self.assert_one_fault("server/main.cc", "LibTorch")

    def test_a_ring_of_headers_ends(self):
        self.write("core/base/a.h", GUARD + include("core/base/b.h"))
        self.write("core/base/b.h", GUARD + include("core/base/a.h"))
        self.assertEqual(self.faults(), [])

    def test_grpc_and_protobuf_in_core_are_found(self):
        for header in ("grpcpp/server.h", "timbre/v1/job_service.pb.h", "google/protobuf/message.h"):
            with self.subTest(header):
                self.write("core/audio/mono.h", GUARD + include(header))
                self.assert_one_fault("core/audio/mono.h", "gRPC", header)

    def test_grpc_behind_a_support_header_is_found(self):
        self.write("tests/support/server.h", GUARD + "#include <grpcpp/server.h>\n")
        self.write_source("tests/core/base/clock_test.cc", include("tests/support/server.h"))
        self.assert_one_fault("tests/core/base/clock_test.cc", "tests/support/server.h -> grpcpp/server.h")


class FileTest(TreeTest):
    def test_a_file_may_be_350_lines_and_no_more(self):
        self.write("core/base/long.h", GUARD + "\n" * 349)
        self.assertEqual(self.faults(), [])
        self.write("core/base/long.h", GUARD + "\n" * 350)
        self.assert_one_fault("core/base/long.h: 351 lines")

    def test_a_test_may_be_400_lines_and_no_more(self):
        self.write_source("tests/core/base/long_test.cc", "\n" * 400)
        self.assertEqual(self.faults(), [])
        self.write_source("tests/core/base/long_test.cc", "\n" * 401)
        self.assert_one_fault("tests/core/base/long_test.cc: 401 lines")

    def test_a_script_without_a_suffix_is_measured(self):
        self.write("scripts/demo", "\n" * 351)
        self.assert_one_fault("scripts/demo: 351 lines")

    def test_generated_stubs_are_not_measured(self):
        self.write("client/python/job_pb2_grpc.py", "\n" * 400)
        self.assertEqual(self.faults(), [])

    def test_a_test_that_no_cmake_names_is_found(self):
        self.write_source("tests/core/base/clock_test.cc", "")
        self.write("tests/core/base/random_test.cc", "")
        self.assert_one_fault("tests/core/base/random_test.cc", "no CMakeLists.txt")

    def test_a_name_in_a_comment_or_in_another_folder_does_not_count(self):
        self.write("tests/core/base/clock_test.cc", "")
        self.write("tests/core/base/CMakeLists.txt", "# clock_test.cc\nadd_test(my_clock_test.cc)\n")
        self.write("tests/core/audio/CMakeLists.txt", "add_test(clock_test.cc)\n")
        self.assert_one_fault("tests/core/base/clock_test.cc", "no CMakeLists.txt")

    def test_a_listing_elsewhere_may_name_a_source_by_its_path(self):
        self.write("tests/support/a.cc", "")
        self.write("tests/support/b.cc", "")
        self.write("tests/core/CMakeLists.txt", "add_library(x ../support/a.cc ${PROJECT_SOURCE_DIR}/tests/support/b.cc)\n")
        self.assertEqual(self.faults(), [])

    def test_a_listing_above_may_name_a_source(self):
        self.write("server/rpc/status.cc", "")
        self.write("server/CMakeLists.txt", "add_library(x rpc/status.cc)\n")
        self.assertEqual(self.faults(), [])

    def test_a_header_without_a_guard_is_found(self):
        self.write("core/base/bare.h", "// #pragma once\n")
        self.assert_one_fault("core/base/bare.h", "#pragma once")

    def test_a_header_that_is_read_once_for_each_instruction_set_has_a_guard_of_its_own(self):
        self.write("core/base/lanes-inl.h", "#ifdef HWY_TARGET_TOGGLE\n#endif\n")
        self.assertEqual(self.faults(), [])

    def test_a_path_of_one_machine_is_found(self):
        for path in ("/ho" "me/ann/audio", "/ro" "ot/.cache", "/wo" "rk/main", "/tmp/bash" "_jobs.0"):
            with self.subTest(path):
                self.write("scripts/demo", f"cd {path}\n")
                self.assert_one_fault("scripts/demo:1", path)

    def test_paths_of_the_project_are_no_machine_paths(self):
        self.write("scripts/demo", "cd build/work/x && ls $HOME/root/y ../work/z\n")
        self.assertEqual(self.faults(), [])


if __name__ == "__main__":
    unittest.main()
