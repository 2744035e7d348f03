#!/bin/sh
# Only on request: as many workers as the processors that the quota and the set of processors leave.
set -e
[ -n "${NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE-}" ] && [ -w /etc/nginx/nginx.conf ] || exit 0
count=$(nproc)
if [ -r /sys/fs/cgroup/cpu.max ]; then
    read -r quota period < /sys/fs/cgroup/cpu.max
else
    quota=$(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || echo max)
    period=$(cat /sys/fs/cgroup/cpu/cpu.cfs_period_us 2>/dev/null || echo 100000)
fi
case $quota in max | -*) ;; *) fit=$(((quota + period - 1) / period)); [ "$fit" -ge "$count" ] || count=$fit ;; esac
sed -i -r "s/^(worker_processes)( *).*/\1\2$count;/" /etc/nginx/nginx.conf
