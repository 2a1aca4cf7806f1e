#include "core/model/device.h"

#include <torch/torch.h>

#include "tests/support/matchers.h"

namespace timbre::model {
namespace {

using ::testing::HasSubstr;
using timbre::testing::StatusIs;

TEST(DeviceTest, AutoIsAGpuOnlyWhereThereIsOne) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Device device, ChooseDevice("auto"));
  EXPECT_EQ(device.cuda, torch::cuda::is_available());
  EXPECT_EQ(device.name(), torch::cuda::is_available() ? "cuda:0" : "cpu");
}

TEST(DeviceTest, CpuIsAlwaysThere) {
  TIMBRE_ASSERT_OK_AND_ASSIGN(const Device device, ChooseDevice("cpu"));
  EXPECT_EQ(device.name(), "cpu");
}

TEST(DeviceTest, AnythingElseIsRefusedWithTheAllowedForms) {
  for (const char* spec : {"", "gpu", "cuda", "cuda:", "cuda:-1", "cuda:x", "CPU"}) {
    EXPECT_THAT(ChooseDevice(spec),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("auto, cpu or cuda:N")))
        << spec;
  }
}

TEST(DeviceTest, AGpuThatIsNotThereIsAFailedPrecondition) {
  EXPECT_THAT(ChooseDevice("cuda:97"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cuda:97")));
}

TEST(DeviceTest, ThreadsOfAnOperationCanBeSet) {
  const int before = torch::get_num_threads();
  SetTorchThreads(1);
  EXPECT_EQ(torch::get_num_threads(), 1);
  SetTorchThreads(before);
}

}  // namespace
}  // namespace timbre::model
