// A program whose use of CPU and memory is known beforehand, second by second: what the truth test measures. Static, so
// that it runs in an image that holds nothing else.
//   truth CURVE [ARGUMENT...]     all times are seconds after TRUTH_BEGIN (seconds since the epoch), so that every
//   container moves together
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

constexpr std::size_t kMiB = 1U << 20U;
alignas(4096) std::array<char, 16384> block{};  // what files are written and read by

double seconds_of(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double begin_of_curves() {
    const char* const text = std::getenv("TRUTH_BEGIN");
    return text == nullptr ? 0 : std::strtod(text, nullptr);
}

double now() { return seconds_of(CLOCK_REALTIME) - begin_of_curves(); }

void wait_for(double seconds) {
    if (seconds > 0) {
        timespec time{};
        time.tv_sec = static_cast<time_t>(seconds);
        time.tv_nsec = static_cast<long>((seconds - static_cast<double>(time.tv_sec)) * 1e9);
        nanosleep(&time, nullptr);
    }
}

void wait_until(double when) {
    while (now() < when) {
        wait_for(when - now());
    }
}

[[noreturn]] void stay() {
    for (;;) {
        pause();
    }
}

/// Memory of exactly so many pages, touched; huge pages would round it up. Only what is added is touched, and what
/// stays stays: between two amounts a busy machine is seen at no other one below both.
class Memory {
  public:
    void resize(std::size_t bytes) {
        if (bytes == 0) {
            release();
            return;
        }
        void* const begin = begin_ == nullptr
                                ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                : mremap(begin_, bytes_, bytes, MREMAP_MAYMOVE);
        if (begin == MAP_FAILED) {
            std::perror("memory");
            std::exit(1);
        }
        madvise(begin, bytes, MADV_NOHUGEPAGE);
        if (bytes > bytes_) {
            std::memset(static_cast<char*>(begin) + bytes_, 1, bytes - bytes_);
        }
        begin_ = begin;
        bytes_ = bytes;
    }
    void release() {
        if (begin_ != nullptr) {
            munmap(begin_, bytes_);
            begin_ = nullptr;
            bytes_ = 0;
        }
    }

  private:
    void* begin_ = nullptr;
    std::size_t bytes_ = 0;
};

double number(char** argument) { return *argument == nullptr ? 0 : std::strtod(*argument, nullptr); }
std::size_t mebibytes(char** argument) { return static_cast<std::size_t>(number(argument)) * kMiB; }

/// steps SECONDS MIB...: holds each amount for so long, over and over.
[[noreturn]] void steps(char** arguments) {
    const double length = number(arguments);
    Memory memory;
    for (double end = length;;) {
        for (char** level = arguments + 1; *level != nullptr; ++level, end += length) {
            memory.resize(mebibytes(level));
            wait_until(end);
        }
    }
}

/// spike BASE PEAK AT LENGTH: once.
[[noreturn]] void spike(char** arguments) {
    Memory base;
    base.resize(mebibytes(arguments));
    wait_until(number(arguments + 2));
    const double end = now() + number(arguments + 3);
    Memory more;
    more.resize(mebibytes(arguments + 1) - mebibytes(arguments));
    wait_until(end);
    more.release();
    stay();
}

void write_file(const char* path, std::size_t bytes) {
    const int file = open(path, O_RDWR | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
    for (std::size_t done = 0; done < bytes; done += block.size()) {
        if (write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size())) {
            std::perror(path);
            std::exit(1);
        }
    }
    close(file);
}

void read_file(const char* path) {
    const int file = open(path, O_RDONLY);
    while (read(file, block.data(), block.size()) > 0) {
    }
    close(file);
}

/// cache BASE FILE: memory and a file of that size, read again and again, so that it stays in the page cache.
[[noreturn]] void cache(char** arguments) {
    Memory base;
    base.resize(mebibytes(arguments));
    write_file("/file", mebibytes(arguments + 1));
    for (;;) {
        read_file("/file");
        wait_for(1);
    }
}

/// shared MIB: a file on the memory file system.
[[noreturn]] void shared(char** arguments) {
    write_file("/dev/shm/file", mebibytes(arguments));
    stay();
}

/// disk BLOCKS FROM TO: so many blocks written past the page cache, spread over that time, and each read back at once.
[[noreturn]] void disk(char** arguments) {
    const int file = open("/file", O_RDWR | O_CREAT | O_TRUNC | O_DIRECT, S_IRUSR | S_IWUSR);
    const int blocks = static_cast<int>(number(arguments));
    const double from = number(arguments + 1);
    const double to = number(arguments + 2);
    for (int done = 0; done < blocks; ++done) {
        wait_until(from + (to - from) * done / blocks);
        const auto offset = static_cast<off_t>(block.size()) * done;
        if (pwrite(file, block.data(), block.size(), offset) != static_cast<ssize_t>(block.size()) ||
            pread(file, block.data(), block.size(), offset) != static_cast<ssize_t>(block.size())) {
            std::perror("/file");
            std::exit(1);
        }
    }
    stay();
}

/// leak BASE RATE: so many MiB more each second, a quarter of it every quarter of a second.
[[noreturn]] void leak(char** arguments) {
    Memory base;
    base.resize(mebibytes(arguments));
    const auto portion = static_cast<std::size_t>(number(arguments + 1) / 4 * static_cast<double>(kMiB));
    for (int step = 0;; ++step) {
        wait_until(step / 4.0);
        Memory lost;  // not released
        lost.resize(portion);
    }
}

/// spin: as much CPU as it gets.
[[noreturn]] void spin() {
    volatile unsigned turns = 0;
    for (;;) {
        turns = turns + 1;
    }
}

/// burst PERIOD LENGTH: as much CPU as it gets for so long, in the middle of each period.
[[noreturn]] void burst(char** arguments) {
    const double period = number(arguments);
    const double length = number(arguments + 1);
    for (double begin = period / 2;; begin += period) {
        wait_until(begin);
        while (now() < begin + length) {
        }
    }
}

/// duty SHARE: that share of one CPU, in slices of a tenth of a second, measured by the CPU time that the kernel gave.
[[noreturn]] void duty(char** arguments) {
    const double share = number(arguments);
    const double begin = now();
    for (int slice = 1;; ++slice) {
        while (seconds_of(CLOCK_PROCESS_CPUTIME_ID) < share * (now() - begin + 0.1)) {
        }
        wait_until(begin + slice / 10.0);
    }
}

/// oom AT...: at each of these times a child takes memory until the kernel kills it.
[[noreturn]] void oom(char** arguments) {
    for (; *arguments != nullptr; ++arguments) {
        wait_until(number(arguments));
        const pid_t child = fork();
        if (child == 0) {
            for (std::size_t size = kMiB;; size += kMiB) {
                Memory memory;
                memory.resize(size);
            }
        }
        waitpid(child, nullptr, 0);
    }
    stay();
}

/// crash AT: ends with a failure once; begun anew after that it stays.
[[noreturn]] void crash(char** arguments) {
    if (now() < number(arguments)) {
        wait_until(number(arguments));
        std::exit(3);
    }
    stay();
}

/// processes COUNT: so many children.
[[noreturn]] void processes(char** arguments) {
    for (int child = 0; child < static_cast<int>(number(arguments)); ++child) {
        if (fork() == 0) {
            stay();
        }
    }
    stay();
}

/// send PACKETS FROM TO: UDP packets with 1000 bytes of content to the gateway of its network, spread over that time.
[[noreturn]] void send_packets(char** arguments) {
    sockaddr_in gateway{};
    gateway.sin_family = AF_INET;
    gateway.sin_port = htons(9);  // discard
    std::FILE* const routes = std::fopen("/proc/net/route", "r");
    std::array<char, 256> line{};
    while (routes != nullptr && std::fgets(line.data(), static_cast<int>(line.size()), routes) != nullptr) {
        std::array<char, 64> device{};
        unsigned destination = 1;
        unsigned address = 0;
        // NOLINTNEXTLINE(cert-err34-c): the kernel writes it
        if (std::sscanf(line.data(), "%63s %x %x", device.data(), &destination, &address) == 3 && destination == 0) {
            gateway.sin_addr.s_addr = address;
        }
    }
    const int packets = static_cast<int>(number(arguments));
    const double from = number(arguments + 1);
    const double to = number(arguments + 2);
    const std::array<char, 1000> content{};
    for (int packet = 0; packet < packets; ++packet) {
        wait_until(from + (to - from) * packet / packets);
        // Unconnected and each time anew: the answer "port unreachable" must not make the next one fail.
        const int one = socket(AF_INET, SOCK_DGRAM, 0);
        sendto(one, content.data(), content.size(), 0, reinterpret_cast<const sockaddr*>(&gateway), sizeof gateway);
        close(one);
    }
    stay();
}

/// start PEAK BASE UNTIL: so much memory while starting, less after.
[[noreturn]] void start(char** arguments) {
    Memory memory;
    memory.resize(mebibytes(arguments));
    wait_until(number(arguments + 2));
    memory.resize(mebibytes(arguments + 1));
    stay();
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) {
        return 64;
    }
    std::signal(SIGTERM, [](int) { _exit(0); });
    const char* const curve = arguments[1];
    char** const rest = arguments + 2;
    const auto is = [&](const char* name) { return std::strcmp(curve, name) == 0; };
    if (is("steps")) {
        steps(rest);
    } else if (is("spike")) {
        spike(rest);
    } else if (is("cache")) {
        cache(rest);
    } else if (is("shared")) {
        shared(rest);
    } else if (is("leak")) {
        leak(rest);
    } else if (is("spin")) {
        spin();
    } else if (is("burst")) {
        burst(rest);
    } else if (is("duty")) {
        duty(rest);
    } else if (is("oom")) {
        oom(rest);
    } else if (is("crash")) {
        crash(rest);
    } else if (is("processes")) {
        processes(rest);
    } else if (is("send")) {
        send_packets(rest);
    } else if (is("disk")) {
        disk(rest);
    } else if (is("start")) {
        start(rest);
    } else if (is("idle")) {
        stay();
    } else if (is("healthy")) {
        return now() >= number(rest) ? 0 : 1;
    }
    return 64;
}
