package io.stoker.driver.cli;

import io.stoker.worker.runtime.TaskDevices;
import java.util.Map;
import picocli.CommandLine.Option;

/** Where a command's networks compute. */
final class DeviceOption {
  private enum Device {
    CPU,
    GPU
  }

  @Option(
      names = "--device",
      paramLabel = "cpu|gpu",
      description =
          "Compute on processors, or on graphics cards, one a task (default: gpu where Spark assigns"
              + " them by spark.task.resource.gpu.amount, else cpu).")
  private Device device;

  /** What it adds to Spark's configuration. */
  Map<String, String> configuration() {
    return device == null
        ? Map.of()
        : Map.of(
            TaskDevices.DEVICE, device == Device.GPU ? TaskDevices.GPU : TaskDevices.PROCESSOR);
  }
}
