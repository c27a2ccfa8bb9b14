// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.run;

import io.stoker.failure.Check;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * The process of a driver: another driver on the same machine can tell whether it is alive.
 *
 * @param host the machine's name, for people
 * @param machine a boot of a machine and a space of process numbers on it: only there does the
 *     number mean anything; empty where the system does not tell
 * @param pid the process's number
 * @param started when it started, in milliseconds since 1970: numbers are used again
 */
record DriverProcess(String host, String machine, long pid, long started) {
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");
  private static final Path SPACE = Path.of("/proc/self/ns/pid");

  DriverProcess {
    Check.undamaged(host != null && machine != null, "A process without a machine");
  }

  static DriverProcess current() {
    ProcessHandle process = ProcessHandle.current();
    return new DriverProcess(hostName(), machineHere(), process.pid(), started(process));
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown";
    }
  }

  private static String machineHere() {
    try {
      return Files.readString(BOOT).strip() + " " + Files.readSymbolicLink(SPACE);
    } catch (IOException | UnsupportedOperationException e) {
      return "";
    }
  }

  private static long started(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  boolean isKnownToLive() {
    return isHere() && lives();
  }

  boolean isKnownToBeDead() {
    return isHere() && !lives();
  }

  private boolean isHere() {
    return !machine.isEmpty() && machine.equals(machineHere());
  }

  /** A process that has ended, but that its parent has not waited for, has no command. */
  private boolean lives() {
    Optional<ProcessHandle> process = ProcessHandle.of(pid);
    return process.isPresent()
        && process.get().info().command().isPresent()
        && started(process.get()) == started;
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "process %d on %s", pid, host);
  }
}
