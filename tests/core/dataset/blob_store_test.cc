#include "core/dataset/blob_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/atomic_file.h"
#include "core/base/sha256.h"
#include "core/dataset/pcm_writer.h"
#include "tests/core/dataset/data_sets.h"
#include "tests/support/matchers.h"

namespace timbre::dataset {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::timbre::testing::IsOk;
using ::timbre::testing::NamesIn;
using ::timbre::testing::StatusIs;
using ::timbre::testing::TempDir;
using ::timbre::testing::WhiteNoise;

std::string KeyOf(const std::string& text) {
  base::Sha256 hash;
  hash.Update(text);
  return hash.HexDigest();
}

class BlobStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<BlobStore> Open() {
    auto store = BlobStore::Open({.folder = blobs_, .segment_bytes = 1 << 20}, {});
    EXPECT_THAT(store, IsOk());
    return store.ok() ? *std::move(store) : nullptr;
  }

  static BlobRecord WriteLoose(BlobStore& store, const std::string& name) {
    const fs::path place = store.NewLoose();
    auto writer = *PcmWriter::Create(place);
    EXPECT_THAT(writer->Append(WhiteNoise(0.1, 3000, name.size())), IsOk());
    const BlobRecord record = {KeyOf(name), *writer->Finish(), 3000};
    EXPECT_THAT(store.KeepLoose(place, record), IsOk());
    return record;
  }

  TempDir dir_;
  const fs::path blobs_ = dir_ / "blobs";
};

TEST_F(BlobStoreTest, WhatWasKeptIsFoundAgainLooseAndPacked) {
  BlobRecord loose;
  BlobRecord packed;
  {
    const auto store = Open();
    loose = WriteLoose(*store, "loose");
    packed = WriteLoose(*store, "packed one");
    ASSERT_THAT(store->Pack(packed), IsOk());
    EXPECT_FALSE(store->Find(packed.key).has_value()) << "its segment has no name yet";
    ASSERT_THAT(store->Flush(), IsOk());
    EXPECT_TRUE(store->Find(packed.key).has_value());
  }
  const auto store = Open();
  ASSERT_TRUE(store->Find(packed.key).has_value());
  EXPECT_EQ(store->Find(packed.key)->record.pcm_sha256, packed.pcm_sha256);
  EXPECT_FALSE(store->Find(loose.key).has_value());
  ASSERT_TRUE(store->FindLoose(loose.key, {}).has_value());
  EXPECT_EQ(store->FindLoose(loose.key, {})->length_samples, 3000);
  EXPECT_FALSE(store->FindLoose(packed.key, {}).has_value());
}

TEST_F(BlobStoreTest, HalfWrittenFilesAreRemovedByTheNextOpen) {
  Open();
  testing::WriteFile(blobs_ / ".unfinished.tmp", "half a segment");
  testing::WriteFile(blobs_ / "loose/7.tmp", "half a blob");
  Open();
  EXPECT_THAT(NamesIn(blobs_), ElementsAre("lock", "loose"));
  EXPECT_THAT(NamesIn(blobs_ / "loose"), IsEmpty());
}

TEST_F(BlobStoreTest, ALooseBlobThatAPowerCutDamagedIsNotTrusted) {
  const BlobRecord record = WriteLoose(*Open(), "loose");
  const fs::path file = blobs_ / "loose" / (record.key + "." + record.pcm_sha256);
  TIMBRE_ASSERT_OK_AND_ASSIGN(std::string bytes, base::ReadFile(file));
  bytes[4000] ^= 1;
  testing::WriteFile(file, bytes);
  const auto store = Open();
  EXPECT_FALSE(store->FindLoose(record.key, {}).has_value());
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(BlobStoreTest, ALooseBlobThatWasPackedBeforeAKillIsRemoved) {
  BlobRecord record;
  {
    const auto store = Open();
    record = WriteLoose(*store, "x");
    fs::copy_file(blobs_ / "loose" / (record.key + "." + record.pcm_sha256), dir_ / "copy");
    ASSERT_THAT(store->Pack(record), IsOk());
    ASSERT_THAT(store->Flush(), IsOk());
  }
  fs::rename(dir_ / "copy", blobs_ / "loose" / (record.key + "." + record.pcm_sha256));
  const auto store = Open();
  EXPECT_THAT(NamesIn(blobs_ / "loose"), IsEmpty());
  EXPECT_TRUE(store->Find(record.key).has_value());
}

TEST_F(BlobStoreTest, ASecondStoreOfAFolderWaitsUntilItIsCancelled) {
  const auto first = Open();
  base::CancelSource source;
  source.Cancel(absl::CancelledError("enough"));
  EXPECT_THAT(BlobStore::Open({.folder = blobs_}, source.token()), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(BlobStoreTest, CollectingWhereNoStoreIsDoesNothing) {
  EXPECT_THAT(BlobStore::CollectIn(dir_ / "nowhere"), IsOk());
  EXPECT_FALSE(fs::exists(dir_ / "nowhere"));
}

}  // namespace
}  // namespace timbre::dataset
