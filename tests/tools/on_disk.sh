#!/bin/bash
# on_disk.sh FOLDER MOUNT-OPTION FILL COMMAND...: runs it while FOLDER is a disk of ON_DISK_SIZE, or with 64 KiB to spare, of which FILL is taken, in a mount namespace of its own:
# unshare --mount on_disk.sh ... FOLDER.before and FOLDER.after say what was on it; what is written there goes with it.
folder=$1 option=$2 fill=$3
shift 3
size=${ON_DISK_SIZE:-$(($(du -sk --apparent-size "$folder" | cut -f1) + $(find "$folder" | wc -l) * 4 + 64))k}
cp -a "$folder" "$folder.kept" && mount -t tmpfs -o "size=$size" none "$folder" && cp -a "$folder.kept/." "$folder/" || exit 99
rm -r "$folder.kept"
head -c "$fill" /dev/zero >"$folder/fill" 2>/dev/null
mount -o "remount,$option" "$folder" && cd "$folder" || exit 99
listed() { find "$folder" -type f -exec sha256sum {} + | sort; }
listed >"$folder.before"
"$@"
status=$?
listed >"$folder.after"
exit "$status"
