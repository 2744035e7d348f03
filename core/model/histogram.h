#pragma once

#include <cstddef>
#include <map>

#include <nlohmann/json_fwd.hpp>

namespace pilotpros {

/// A mergeable histogram whose every quantile is within 1 % of the true value: DDSketch (Masson, Rim, Lee: "DDSketch",
/// PVLDB 12(12), 2019, arXiv 1908.10693) with alpha = 0.01. Merging is exact and order-free. Values below 1e-9 count as
/// zero, values above 1e18 as 1e18, what is not finite is ignored, so that the number of buckets is bounded. Weights
/// are real numbers, so that old samples can fade.
class Histogram {
  public:
    /// Adds one value with a weight above zero.
    void add(double value, double weight = 1.0);
    void merge(const Histogram& other);
    /// Multiplies every weight; buckets that weigh next to nothing are dropped. `factor` in (0, 1]. The maximum stays.
    void fade(double factor);

    /// The least value at or below which the share `q` of the weight lies, `q` in [0, 1]; 0 when empty. Within 1 % of a
    /// value that was added, except that q = 1 is exactly max().
    [[nodiscard]] double quantile(double q) const;
    /// The highest value ever added, also when its weight has faded away.
    [[nodiscard]] double max() const { return max_; }
    [[nodiscard]] double weight() const { return weight_; }
    [[nodiscard]] double mean() const { return weight_ > 0 ? sum_ / weight_ : 0; }
    [[nodiscard]] bool empty() const { return weight_ <= 0; }
    [[nodiscard]] std::size_t buckets() const { return counts_.size(); }

    /// With p50, p95, p99, mean for readers; only weights, sum and max are read back.
    friend void to_json(nlohmann::json& json, const Histogram& histogram);
    /// Throws nlohmann::json::exception or std::invalid_argument when the JSON cannot be a histogram.
    friend void from_json(const nlohmann::json& json, Histogram& histogram);
    friend bool operator==(const Histogram&, const Histogram&) = default;

  private:
    std::map<int, double> counts_;
    double zero_ = 0;
    double weight_ = 0;
    double sum_ = 0;
    double max_ = 0;
};

}  // namespace pilotpros
