#!/usr/bin/env bash
# Runs a pod's container as a process of this machine with a root, a host name and process numbers of its own:
#
#   pod.sh ROOT HOST_NAME USER WORKING_FOLDER rw|ro COMMAND...
#
# Standard input lists what is mounted, a line each: SOURCE TARGET. Programs and libraries are those of this machine;
# /etc is a copy. It is started within namespaces of its own (unshare --mount --pid --uts), which end with it.
set -euo pipefail
root=$1 name=$2 user=$3 folder=$4 mode=$5
shift 5

mount -t tmpfs -o mode=755 tmpfs "$root"
for each in /bin /sbin /lib /lib64 /usr /dev /sys; do
  if [[ -L $each ]]; then
    cp -a "$each" "$root$each"
  elif [[ -d $each ]]; then
    mkdir "$root$each"
    mount --rbind "$each" "$root$each"
  fi
done
cp -a /etc "$root/etc"
mkdir "$root/proc" "$root/run" "$root/var"
mkdir -m 1777 "$root/tmp"
mount -t proc proc "$root/proc"
ln -s ../run "$root/var/run"
grep -q ":x:$user:" "$root/etc/passwd" || echo "spark:x:$user:$user::/home/spark:/bin/bash" >>"$root/etc/passwd"
install -d -o "$user" -g "$user" "$root$folder"
while read -r source target; do
  if [[ -d $source ]]; then
    mkdir -p "$root$target"
  else
    mkdir -p "$(dirname "$root$target")"
    touch "$root$target"
  fi
  mount --rbind "$source" "$root$target"
done
hostname "$name"
[[ $mode == rw ]] || mount -o remount,ro "$root"
exec chroot "$root" setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --bounding-set -all \
  env --chdir="$folder" "$@" </dev/null
