#include "core/model/histogram.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace pilotpros {

namespace {

constexpr double kAlpha = 0.01;
constexpr double kGamma = (1 + kAlpha) / (1 - kAlpha);
constexpr double kLeast = 1e-9;
constexpr double kMost = 1e18;
// A bucket that weighs less than this cannot move a quantile that anybody reads.
constexpr double kWeightless = 1e-6;

const double kLogGamma = std::log(kGamma);

int bucket_of(double value) { return static_cast<int>(std::ceil(std::log(value) / kLogGamma)); }
double value_of(int bucket) { return 2 * std::pow(kGamma, bucket) / (kGamma + 1); }

const std::pair<int, int>& bucket_range() {
    static const std::pair<int, int> kRange{bucket_of(kLeast), bucket_of(kMost)};
    return kRange;
}

double plausible(double number) {
    if (!std::isfinite(number) || number < 0) {
        throw std::invalid_argument("a histogram holds a negative or infinite number");
    }
    return number;
}

}  // namespace

void Histogram::add(double value, double weight) {
    if (!std::isfinite(value) || !std::isfinite(weight) || weight <= 0) {
        return;
    }
    const double bounded = std::clamp(value, 0.0, kMost);
    if (bounded < kLeast) {
        zero_ += weight;
    } else {
        counts_[bucket_of(bounded)] += weight;
    }
    weight_ += weight;
    sum_ += bounded * weight;
    max_ = std::max(max_, bounded);
}

void Histogram::merge(const Histogram& other) {
    for (const auto& [bucket, count] : other.counts_) {
        counts_[bucket] += count;
    }
    zero_ += other.zero_;
    weight_ += other.weight_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
}

void Histogram::fade(double factor) {
    const double mean_before = mean();
    weight_ = 0;
    for (auto entry = counts_.begin(); entry != counts_.end();) {
        entry->second *= factor;
        if (entry->second < kWeightless) {
            entry = counts_.erase(entry);
        } else {
            weight_ += entry->second;
            ++entry;
        }
    }
    zero_ = zero_ * factor < kWeightless ? 0 : zero_ * factor;
    weight_ += zero_;
    sum_ = mean_before * weight_;
}

double Histogram::quantile(double q) const {
    if (empty()) {
        return 0;
    }
    if (q >= 1) {
        return max_;
    }
    // Sums of weights in another order differ in their last bits; without this the median of 1, 2 would depend on them.
    const double rank = q * weight_ * (1 - 1e-12);
    double passed = zero_;
    if (zero_ > 0 && passed >= rank) {
        return 0;
    }
    for (const auto& [bucket, count] : counts_) {
        passed += count;
        if (passed >= rank) {
            return std::min(value_of(bucket), max_);
        }
    }
    return max_;
}

void to_json(nlohmann::json& json, const Histogram& histogram) {
    auto buckets = nlohmann::json::array();
    for (const auto& [bucket, count] : histogram.counts_) {
        buckets.push_back({bucket, count});
    }
    json = {{"p50", histogram.quantile(0.5)}, {"p95", histogram.quantile(0.95)}, {"p99", histogram.quantile(0.99)},
            {"max", histogram.max_},          {"mean", histogram.mean()},        {"weight", histogram.weight_},
            {"sum", histogram.sum_},          {"zero", histogram.zero_},         {"buckets", std::move(buckets)}};
}

void from_json(const nlohmann::json& json, Histogram& histogram) {
    Histogram read;
    read.zero_ = plausible(json.at("zero").get<double>());
    read.sum_ = plausible(json.at("sum").get<double>());
    read.max_ = plausible(json.at("max").get<double>());
    read.weight_ = read.zero_;
    for (const auto& entry : json.at("buckets")) {
        const int bucket = entry.at(0).get<int>();
        const double count = plausible(entry.at(1).get<double>());
        if (bucket < bucket_range().first || bucket > bucket_range().second) {
            throw std::invalid_argument("a histogram holds a bucket that no value falls into");
        }
        read.counts_[bucket] += count;
        read.weight_ += count;
    }
    histogram = std::move(read);
}

}  // namespace pilotpros
