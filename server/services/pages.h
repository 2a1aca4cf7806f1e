#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace timbre::services {

// Items of a page that a request asks for; 0 means 50. Errors: kInvalidArgument outside [0, 1000].
inline absl::StatusOr<int64_t> PageSize(int32_t requested) {
  constexpr int32_t kMaxPage = 1000;
  constexpr int64_t kDefaultPage = 50;
  if (requested < 0 || requested > kMaxPage) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_size must be in [0, ", kMaxPage, "], got ", requested));
  }
  return requested == 0 ? kDefaultPage : int64_t{requested};
}

// One page of a list that is sorted by `id`: the items after `page_token`, which is the last id of the page
// before. Errors: as PageSize.
template <typename Item>
absl::StatusOr<std::vector<Item>> TakePage(std::vector<Item> items, int32_t page_size,
                                           const std::string& page_token, std::string* next_page_token) {
  TIMBRE_ASSIGN_OR_RETURN(const int64_t limit, PageSize(page_size));
  std::vector<Item> page;
  for (Item& item : items) {
    if (item.id <= page_token) continue;
    if (static_cast<int64_t>(page.size()) == limit) {
      *next_page_token = page.back().id;
      break;
    }
    page.push_back(std::move(item));
  }
  return page;
}

}  // namespace timbre::services
