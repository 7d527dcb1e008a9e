#!/bin/sh
# First process of the guest: the modules that are wanted, then the tests, then off. Kernel parameters: trunkline_path, trunkline_folder.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
for word in $(cat /proc/cmdline); do
  case $word in
  trunkline_path=*) export PATH="${word#*=}" ;;
  trunkline_folder=*) folder=${word#*=} ;;
  esac
done
mount -t sysfs sys /sys
# Everything else is the host's file system: nothing of the guest may be left on it.
mount -t tmpfs tmpfs /run
mkdir /run/netns
modules=/usr/lib/uml/modules/$(uname -r)
# A module after those that it needs, which its line lists with the first needed last.
load() {
  line=$(grep "/$1\.ko:" "$modules/modules.dep") || { echo "no module $1" >&2; return; }
  order=${line%%:*}
  for file in ${line#*:}; do order="$file $order"; done
  for file in $order; do busybox insmod "$modules/$file" 2>/dev/null; done
}
for module in veth 8021q ip_vs_rr; do load $module; done
ip link set lo up
node "$folder/tests.mjs" "$folder/report.json" >"$folder/output.txt" 2>&1
busybox poweroff -f
