#include "core/model/torch_guard.h"

#include <c10/util/Exception.h>

#include <exception>
#include <new>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace timbre::model {

absl::Status TorchGuard(const char* what, const std::function<absl::Status()>& body) {
  try {
    return body();
  } catch (const c10::OutOfMemoryError& error) {
    return absl::ResourceExhaustedError(absl::StrCat(what, ": out of device memory; use a smaller batch (",
                                                     error.what_without_backtrace(), ")"));
  } catch (const c10::Error& error) {
    if (absl::StrContains(error.what_without_backtrace(), "allocate memory")) {
      return absl::ResourceExhaustedError(
          absl::StrCat(what, ": out of memory; use a smaller batch (", error.what_without_backtrace(), ")"));
    }
    return absl::InternalError(absl::StrCat(what, ": ", error.what_without_backtrace()));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(absl::StrCat(what, ": out of memory; use a smaller batch"));
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat(what, ": ", error.what()));
  }
}

}  // namespace timbre::model
