// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.command.TrainingOptions;
import io.stoker.worker.runtime.TaskDevices;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The option that says whether networks compute on processors or on graphics cards. */
@Command
final class DeviceOption {
  private TrainingOptions options;

  @Spec(Spec.Target.MIXEE)
  void addTo(CommandSpec command) {
    options = TrainingOptions.add(command, -1, "device");
  }

  /** The Spark configuration that the option stands for. */
  Map<String, String> configuration() {
    return configuration(options);
  }

  /** The Spark configuration that the option {@code device} of a command stands for. */
  static Map<String, String> configuration(TrainingOptions options) {
    return options
        .<String>given("device")
        .map(
            device ->
                Map.of(
                    TaskDevices.DEVICE,
                    device.equals("gpu") ? TaskDevices.GPU : TaskDevices.PROCESSOR))
        .orElse(Map.of());
  }
}
