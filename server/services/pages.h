#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace timbre::services {

// One page of a list that is sorted by `id`: the items after `page_token`, which is the last id of the page
// before. Errors: kInvalidArgument page_size outside [0, 1000].
template <typename Item>
absl::StatusOr<std::vector<Item>> TakePage(std::vector<Item> items, int32_t page_size,
                                           const std::string& page_token, std::string* next_page_token) {
  constexpr int32_t kMaxPage = 1000;
  constexpr int32_t kDefaultPage = 50;
  if (page_size < 0 || page_size > kMaxPage) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_size must be in [0, ", kMaxPage, "], got ", page_size));
  }
  const auto limit = static_cast<size_t>(page_size == 0 ? kDefaultPage : page_size);
  std::vector<Item> page;
  for (Item& item : items) {
    if (item.id <= page_token) continue;
    if (page.size() == limit) {
      *next_page_token = page.back().id;
      break;
    }
    page.push_back(std::move(item));
  }
  return page;
}

}  // namespace timbre::services
