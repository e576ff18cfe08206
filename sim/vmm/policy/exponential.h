// e to the x from IEEE additions and multiplications only, so that every machine gets the same
// bits.
//
// The C library's exp() may differ in the last bit between versions, and one bit can turn a draw.
// Owned by: nobody. Errors: none. Exact to a few units in the last place for |x| <= 700.
#pragma once

#include <cmath>

namespace uffdsim {

inline double Exponential(double x) {
  constexpr double kLn2 = 0.693147180559945309417;
  constexpr int kTerms =
      18;  // of the series for |x| <= ln(2) / 2: the rest is below one part in 2^60
  if (x < -700) return 0;
  const double halvings = std::floor(x / kLn2 + 0.5);
  const double rest = x - halvings * kLn2;
  double term = 1;
  double sum = 1;
  for (int i = 1; i <= kTerms; ++i) {
    term *= rest / i;
    sum += term;
  }
  return std::ldexp(sum, static_cast<int>(halvings));
}

}  // namespace uffdsim
