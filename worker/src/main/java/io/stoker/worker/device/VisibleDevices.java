// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.device;

import io.stoker.failure.ResourceException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Finds CUDA's number for a GPU that this process may see. Without {@code CUDA_VISIBLE_DEVICES} it
 * is the number of {@code nvidia-smi}, given {@code CUDA_DEVICE_ORDER=PCI_BUS_ID}; with it, the
 * GPU's place in that list.
 */
final class VisibleDevices {
  private static final int LONGEST_NUMBER = 4;

  private final List<InstalledGpu> gpus;
  private final String variable;
  private final List<String> visible;

  /**
   * @param variable the value of {@code CUDA_VISIBLE_DEVICES}; blank if it is not set
   * @param gpus the machine's GPUs; empty if they are not known
   */
  VisibleDevices(String variable, List<InstalledGpu> gpus) {
    this.variable = variable.strip();
    this.gpus = List.copyOf(gpus);
    this.visible =
        this.variable.isEmpty() ? List.of() : Arrays.asList(this.variable.split("\\s*,\\s*"));
  }

  /**
   * CUDA's number for a GPU.
   *
   * @param address Spark's address of the GPU: a number or a UUID
   * @throws ResourceException if this process does not see the GPU
   */
  int number(String address) {
    OptionalInt number =
        visible.isEmpty()
            ? ofMachine(address)
            : IntStream.range(0, visible.size())
                .filter(place -> isSame(visible.get(place), address))
                .findFirst();
    return number.orElseThrow(
        () ->
            new ResourceException(
                visible.isEmpty()
                    ? "Cannot find the GPU that Spark calls '%s': its address is neither a number nor the UUID of a GPU of this machine; check the discovery script"
                        .formatted(address)
                    : "Cannot use GPU %s: CUDA_VISIBLE_DEVICES=%s hides it from this process; let the discovery script list what is visible"
                        .formatted(address, variable)));
  }

  private OptionalInt ofMachine(String address) {
    if (!address.isEmpty()
        && address.length() <= LONGEST_NUMBER
        && address.chars().allMatch(Character::isDigit)) {
      return OptionalInt.of(Integer.parseInt(address));
    }
    return gpus.stream().filter(gpu -> gpu.isAt(address)).mapToInt(InstalledGpu::index).findFirst();
  }

  private boolean isSame(String entry, String address) {
    return entry.equals(address)
        || gpus.stream().anyMatch(gpu -> gpu.isAt(entry) && gpu.isAt(address));
  }
}
