#pragma once

#include <string>

#include "core/model/usage.h"

namespace pilotpros {

/// How much a profile says of the memory that a service needs.
///
/// Need is Usage::need_peak(): the highest memory that cannot be reclaimed, starting included, and what the kernel's
/// own peak has above the highest sample.
///
/// Looks k: how many independent moments were seen: the effective sample size of that memory, but at most one in 5 s,
/// since a service does not turn to other work faster. Memory that hardly moves has no correlation to speak of; there
/// the looks at the CPU count, which say how many independent moments of the load left it where it was.
///
/// Margin m = 1/4 + 1/(k+1). If looks are exchangeable, the chance that the next one beats the highest of k is
/// 1/(k+1) (the rank of the next is uniform; the basis of conformal prediction: Vovk, Gammerman, Shafer, "Algorithmic
/// Learning in a Random World", 2005, 2.2). The quarter is for what no short profile sees: Google's Autopilot adds
/// 10-15 % to the peak of days (EuroSys 2020, 3.2), and the peak of 7 days + 15 % was later passed on half of 115
/// virtual machines, + 30 % on a third.
///
/// Not enough, and then nothing is advised, however wide the margin: fewer than 3 looks (one chance in three that the
/// very next beats the peak) or less than 25 s; a service that did next to nothing meanwhile, unless a whole day was
/// seen; a start that nobody saw with no kernel's peak that would hold it.
struct MemoryEvidence {
    static constexpr double kSecondsALook = 5;
    static constexpr double kFewestLooks = 3;
    static constexpr double kFewestSeconds = 25;
    /// A probe in the container costs CPU now and then, so that the mean says nothing; the median of seconds does. An
    /// idle Node.js, PostgreSQL or Redis stays below a hundredth of a core (measured).
    static constexpr double kBusyCores = 0.02;
    /// Bytes both ways together, a second; probes do not pass the container's network. Idle services with their
    /// keep-alives move up to 460, services under ten requests a second from 18,000 on (measured).
    static constexpr double kBusyNetwork = 4096;
    static constexpr double kWholeDay = 86'400;

    Bytes need = 0;
    Bytes kernel_peak = 0;  ///< with page cache; 0: unknown
    Bytes page_cache = 0;   ///< 95 of 100 samples had at most that, but never more than `need`
    double looks = 0;
    double seconds = 0;
    double margin = 0;       ///< a share of `need`
    bool measured = false;   ///< there is any sample
    bool at_work = false;    ///< long enough, and it did something: what else was counted means something
    bool few_looks = false;  ///< nothing lacks but looks: what it needs was still on the move
    std::string lacking;     ///< why it is not enough, one line; empty: it is enough

    [[nodiscard]] bool enough() const { return lacking.empty(); }
    /// The same where the application itself says what it needs at least, and that is more than was seen: then its
    /// growth is accounted for, e.g. a database that fills its buffers.
    [[nodiscard]] bool enough_with(Bytes least) const { return enough() || (few_looks && least > need); }
    /// "needs at most 212 MiB (kernel's peak 230 MiB), 14 looks".
    [[nodiscard]] std::string words() const;
    /// "profile of 2 min, 14 looks".
    [[nodiscard]] std::string from() const;
};

MemoryEvidence weigh_memory(const Usage& usage);

/// Whether it did anything worth measuring, as above.
bool exercised(const Usage& usage);
/// What that is told by: "0.034 CPUs in the median, 21 KiB/s over the network".
std::string work_of(const Usage& usage);

}  // namespace pilotpros
