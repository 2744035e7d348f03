// clang-format off
#pragma once

namespace pilotpros::test {

// Recorded from Engine 26.1.5 on cgroup v1: a container with a quota of 0.3 CPUs that spins, and the sample a second later.
inline constexpr const char* kFirstVersion =
    R"~({"read":"2026-11-23T15:17:42.005605857Z","preread":"2026-11-23T15:17:41.000840777Z","pids_stats":{"current":1})~"
    R"~(,"blkio_stats":{"io_service_bytes_recursive":[],"io_serviced_recursive":[],"io_queue_recursive":[],"io_service)~"
    R"~(_time_recursive":[],"io_wait_time_recursive":[],"io_merged_recursive":[],"io_time_recursive":[],"sectors_recur)~"
    R"~(sive":[]},"num_procs":0,"storage_stats":{},"cpu_stats":{"cpu_usage":{"total_usage":1189869584,"percpu_usage":[)~"
    R"~(820989210,368880374],"usage_in_kernelmode":10000000,"usage_in_usermode":1170000000},"system_cpu_usage":4092200)~"
    R"~(000000,"online_cpus":2,"throttling_data":{"periods":43,"throttled_periods":28,"throttled_time":671733508}},"pr)~"
    R"~(ecpu_stats":{"cpu_usage":{"total_usage":890181318,"percpu_usage":[521300944,368880374],"usage_in_kernelmode":1)~"
    R"~(0000000,"usage_in_usermode":870000000},"system_cpu_usage":4090210000000,"online_cpus":2,"throttling_data":{"pe)~"
    R"~(riods":33,"throttled_periods":18,"throttled_time":453726652}},"memory_stats":{"usage":622592,"max_usage":44892)~"
    R"~(16,"stats":{"active_anon":4096,"active_file":40960,"cache":45056,"dirty":0,"hierarchical_memory_limit":6710886)~"
    R"~(4,"hierarchical_memsw_limit":134217728,"inactive_anon":258048,"inactive_file":4096,"mapped_file":28672,"pgfaul)~"
    R"~(t":1301,"pgmajfault":2,"pgpgin":959,"pgpgout":884,"rss":262144,"rss_huge":0,"total_active_anon":4096,"total_ac)~"
    R"~(tive_file":40960,"total_cache":45056,"total_dirty":0,"total_inactive_anon":258048,"total_inactive_file":4096,")~"
    R"~(total_mapped_file":28672,"total_pgfault":1301,"total_pgmajfault":2,"total_pgpgin":959,"total_pgpgout":884,"tot)~"
    R"~(al_rss":262144,"total_rss_huge":0,"total_unevictable":0,"total_writeback":0,"unevictable":0,"writeback":0},"li)~"
    R"~(mit":67108864},"name":"/usage-rec","id":"ca9d6df1186ba31c3185e1951577be7a9de8424ace3ea66f1d8f55c380fc05ae","ne)~"
    R"~(tworks":{"eth0":{"rx_bytes":516,"rx_packets":6,"rx_errors":0,"rx_dropped":0,"tx_bytes":0,"tx_packets":0,"tx_er)~"
    R"~(rors":0,"tx_dropped":0}}})~";
inline constexpr const char* kFirstVersionLater =
    R"~({"read":"2026-11-23T15:17:43.009167079Z","preread":"2026-11-23T15:17:42.005605857Z","pids_stats":{"current":1})~"
    R"~(,"blkio_stats":{"io_service_bytes_recursive":[],"io_serviced_recursive":[],"io_queue_recursive":[],"io_service)~"
    R"~(_time_recursive":[],"io_wait_time_recursive":[],"io_merged_recursive":[],"io_time_recursive":[],"sectors_recur)~"
    R"~(sive":[]},"num_procs":0,"storage_stats":{},"cpu_stats":{"cpu_usage":{"total_usage":1466237756,"percpu_usage":[)~"
    R"~(1007581107,458656649],"usage_in_kernelmode":10000000,"usage_in_usermode":1450000000},"system_cpu_usage":409422)~"
    R"~(0000000,"online_cpus":2,"throttling_data":{"periods":53,"throttled_periods":30,"throttled_time":685104940}},"p)~"
    R"~(recpu_stats":{"cpu_usage":{"total_usage":1189869584,"percpu_usage":[820989210,368880374],"usage_in_kernelmode")~"
    R"~(:10000000,"usage_in_usermode":1170000000},"system_cpu_usage":4092200000000,"online_cpus":2,"throttling_data":{)~"
    R"~("periods":43,"throttled_periods":28,"throttled_time":671733508}},"memory_stats":{"usage":618496,"max_usage":44)~"
    R"~(89216,"stats":{"active_anon":4096,"active_file":40960,"cache":45056,"dirty":0,"hierarchical_memory_limit":6710)~"
    R"~(8864,"hierarchical_memsw_limit":134217728,"inactive_anon":258048,"inactive_file":4096,"mapped_file":28672,"pgf)~"
    R"~(ault":1301,"pgmajfault":2,"pgpgin":959,"pgpgout":884,"rss":262144,"rss_huge":0,"total_active_anon":4096,"total)~"
    R"~(_active_file":40960,"total_cache":45056,"total_dirty":0,"total_inactive_anon":258048,"total_inactive_file":409)~"
    R"~(6,"total_mapped_file":28672,"total_pgfault":1301,"total_pgmajfault":2,"total_pgpgin":959,"total_pgpgout":884,")~"
    R"~(total_rss":262144,"total_rss_huge":0,"total_unevictable":0,"total_writeback":0,"unevictable":0,"writeback":0},)~"
    R"~("limit":67108864},"name":"/usage-rec","id":"ca9d6df1186ba31c3185e1951577be7a9de8424ace3ea66f1d8f55c380fc05ae",)~"
    R"~("networks":{"eth0":{"rx_bytes":516,"rx_packets":6,"rx_errors":0,"rx_dropped":0,"tx_bytes":0,"tx_packets":0,"tx)~"
    R"~(_errors":0,"tx_dropped":0}}})~";
// What the engine says of a container that does not run.
inline constexpr const char* kStopped =
    R"~({"read":"0001-01-01T00:00:00Z","preread":"0001-01-01T00:00:00Z","pids_stats":{},"blkio_stats":{"io_service_byt)~"
    R"~(es_recursive":null},"num_procs":0,"storage_stats":{},"cpu_stats":{"cpu_usage":{"total_usage":0,"usage_in_kerne)~"
    R"~(lmode":0,"usage_in_usermode":0},"throttling_data":{"periods":0,"throttled_periods":0,"throttled_time":0}},"pre)~"
    R"~(cpu_stats":{"cpu_usage":{"total_usage":0,"usage_in_kernelmode":0,"usage_in_usermode":0},"throttling_data":{"pe)~"
    R"~(riods":0,"throttled_periods":0,"throttled_time":0}},"memory_stats":{},"name":"/x","id":"ab"})~";
// Made by the documented fields of cgroup v2; no engine of that version was at hand.
inline constexpr const char* kSecondVersion =
    R"~({"read":"2026-01-31T10:00:01.5Z","preread":"2026-01-31T10:00:00.5Z","pids_stats":{"current":9,"limit":100},"bl)~"
    R"~(kio_stats":{"io_service_bytes_recursive":[{"major":8,"minor":0,"op":"read","value":4096},{"major":8,"minor":0,)~"
    R"~("op":"write","value":8192},{"major":8,"minor":16,"op":"read","value":1000},{"major":8,"minor":16,"op":"write",)~"
    R"~("value":0}],"io_serviced_recursive":null},"num_procs":0,"storage_stats":{},"cpu_stats":{"cpu_usage":{"total_us)~"
    R"~(age":2500000000,"usage_in_kernelmode":5,"usage_in_usermode":6},"system_cpu_usage":26,"online_cpus":4,"throttli)~"
    R"~(ng_data":{"periods":20,"throttled_periods":5,"throttled_time":125000000}},"precpu_stats":{"cpu_usage":{"total_)~"
    R"~(usage":1,"usage_in_kernelmode":0,"usage_in_usermode":0},"throttling_data":{"periods":999,"throttled_periods":9)~"
    R"~(99,"throttled_time":999}},"memory_stats":{"usage":112263168,"failcnt":3,"stats":{"active_anon":4096,"active_fi)~"
    R"~(le":10485760,"anon":41943040,"anon_thp":0,"file":62914560,"file_dirty":0,"inactive_anon":52428800,"inactive_fi)~"
    R"~(le":20971520,"kernel_stack":1048576,"pgfault":77,"shmem":31457280,"slab":3145728,"slab_reclaimable":2097152,"s)~"
    R"~(lab_unreclaimable":1048576,"sock":65536,"unevictable":0,"workingset_refault":0},"limit":8325828608},"name":"/x)~"
    R"~(","id":"ab","networks":{"eth0":{"rx_bytes":100,"rx_packets":1,"tx_bytes":10},"eth1":{"rx_bytes":23,"rx_packets)~"
    R"~(":1,"tx_bytes":7}}})~";

}  // namespace pilotpros::test
