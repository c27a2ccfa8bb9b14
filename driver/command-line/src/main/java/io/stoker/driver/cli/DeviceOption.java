// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.worker.runtime.TaskDevices;
import java.util.Map;
import picocli.CommandLine.Option;

/** The option that says whether networks compute on processors or on graphics cards. */
final class DeviceOption {
  private enum Device {
    CPU,
    GPU
  }

  @Option(
      names = "--device",
      paramLabel = "cpu|gpu",
      description =
          "Compute on processors, or on graphics cards with one card for each task (default: gpu if"
              + " Spark's configuration has spark.task.resource.gpu.amount, else cpu).")
  private Device device;

  /** The Spark configuration that the option stands for. */
  Map<String, String> configuration() {
    return device == null
        ? Map.of()
        : Map.of(
            TaskDevices.DEVICE, device == Device.GPU ? TaskDevices.GPU : TaskDevices.PROCESSOR);
  }
}
