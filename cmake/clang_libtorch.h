#pragma once

// Before LibTorch's headers under clang (clang-tidy reads its rooms; nothing that is installed is built so).
// LibTorch 1.13 has a vector of an incomplete type, IValue, as a member of one of IValue's own. Of C++20's
// constexpr destructors clang instantiates at once what gcc instantiates later, so <vector> is read without
// them; libstdc++ 12 lets the macro be set. __fill_a1 was declared constexpr by <string> already.
#include <memory>
#include <string>
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#define __fill_a1 __fill_bits
#include <vector>
#undef __fill_a1
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR constexpr
