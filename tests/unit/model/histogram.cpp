#include "core/model/histogram.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <vector>

using pilotpros::Histogram;

namespace {

double exact_quantile(std::vector<double> values, double q) {
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
    return values.at(rank == 0 ? 0 : rank - 1);
}

Histogram of(const std::vector<double>& values) {
    Histogram histogram;
    for (const double value : values) {
        histogram.add(value);
    }
    return histogram;
}

std::vector<double> spread(unsigned seed, std::size_t count) {
    std::mt19937_64 random{seed};
    std::lognormal_distribution<double> values{std::log(1e8), 3.0};
    std::vector<double> result(count);
    std::generate(result.begin(), result.end(), [&] { return values(random); });
    return result;
}

}  // namespace

TEST_CASE("every quantile of a histogram is within 1 % of the true one") {
    for (const std::size_t count : {1U, 2U, 3U, 17U, 1000U}) {
        const std::vector<double> values = spread(static_cast<unsigned>(count), count);
        const Histogram histogram = of(values);
        for (int percent = 0; percent <= 100; ++percent) {
            const double q = percent / 100.0;
            CAPTURE(count, q);
            CHECK(histogram.quantile(q) == Approx(exact_quantile(values, q)).epsilon(0.01 + 1e-9));
        }
        CHECK(histogram.max() == *std::max_element(values.begin(), values.end()));
        CHECK(histogram.quantile(1) == histogram.max());
    }
}

TEST_CASE("merging histograms is exact and order-free") {
    const std::vector<double> left = spread(1, 400);
    const std::vector<double> right = spread(2, 300);
    std::vector<double> both = left;
    both.insert(both.end(), right.begin(), right.end());
    Histogram one = of(left);
    one.merge(of(right));
    Histogram other = of(right);
    other.merge(of(left));
    for (const double q : {0.0, 0.1, 0.5, 0.9, 0.99, 1.0}) {
        CHECK(one.quantile(q) == of(both).quantile(q));
        CHECK(other.quantile(q) == of(both).quantile(q));
    }
    CHECK(one.weight() == of(both).weight());
}

TEST_CASE("zero, nonsense and extremes neither break nor bloat a histogram") {
    Histogram histogram;
    CHECK(histogram.quantile(0.5) == 0);
    for (const double value : {0.0, -3.0, std::nan(""), std::numeric_limits<double>::infinity(), 1e-300}) {
        histogram.add(value);
    }
    CHECK(histogram.weight() == 3);  // not the two that are not finite
    CHECK(histogram.quantile(1) == Approx(0).margin(1e-200));
    histogram.add(1e300);
    CHECK(histogram.max() == 1e18);
    histogram.add(5, 0);
    histogram.add(5, -1);
    CHECK(histogram.weight() == 4);
    std::mt19937_64 random{7};
    std::uniform_real_distribution<double> exponent{-300, 300};
    for (int i = 0; i < 20'000; ++i) {
        histogram.add(std::pow(10.0, exponent(random)));
    }
    CHECK(histogram.buckets() < 3200);
}

TEST_CASE("old weight fades, the maximum stays") {
    Histogram histogram = of({100, 100, 100, 100});
    histogram.fade(0.25);
    for (int i = 0; i < 3; ++i) {
        histogram.add(1);
    }
    CHECK(histogram.weight() == Approx(4));
    CHECK(histogram.quantile(0.5) == Approx(1).epsilon(0.01));
    CHECK(histogram.mean() == Approx((100 + 3) / 4.0));
    CHECK(histogram.max() == 100);
    histogram.fade(1e-9);
    CHECK(histogram.buckets() == 0);
    CHECK(histogram.empty());
    CHECK(histogram.max() == 100);
}

TEST_CASE("a histogram comes back from its JSON as it was") {
    Histogram histogram = of(spread(3, 200));
    histogram.add(0);
    histogram.fade(0.3);
    const nlohmann::json json = nlohmann::json::parse(nlohmann::json(histogram).dump());
    const auto read = json.get<Histogram>();
    CHECK(read.max() == histogram.max());
    CHECK(read.weight() == Approx(histogram.weight()));
    for (const double q : {0.0, 0.5, 0.99, 1.0}) {
        CHECK(read.quantile(q) == histogram.quantile(q));
    }
}

TEST_CASE("JSON that cannot be a histogram is refused") {
    const nlohmann::json good = of({1, 2, 3});
    const auto broken = [&](const char* key, const nlohmann::json& value) {
        nlohmann::json json = good;
        json[key] = value;
        return json;
    };
    CHECK_NOTHROW(good.get<Histogram>());
    CHECK_THROWS(nlohmann::json{}.get<Histogram>());
    CHECK_THROWS(broken("buckets", {{2'000'000, 1}}).get<Histogram>());
    CHECK_THROWS(broken("buckets", {{1, -1}}).get<Histogram>());
    CHECK_THROWS(broken("buckets", {{1}}).get<Histogram>());
    CHECK_THROWS(broken("sum", -1).get<Histogram>());
    CHECK_THROWS(broken("max", "much").get<Histogram>());
}
