// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A study that another program is to show, with the runs of its trials below it.
 *
 * @param tracker the URI of the program's server
 * @param folder where the study is
 * @param options what decides its result, by name
 * @param hadoop how to reach the folder
 */
public record WatchedStudy(
    String tracker, Path folder, Map<String, String> options, Configuration hadoop) {
  public WatchedStudy {
    options = Map.copyOf(options);
  }
}
