// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * A job that other programs are to show.
 *
 * @param config the job
 * @param existing whether it goes on with the run of its folder
 * @param tensorboard the folder for TensorBoard's event files; empty for none
 * @param hadoop how to reach folders
 */
public record WatchedRun(
    TrainingConfig config,
    ExistingRun existing,
    Optional<String> tensorboard,
    Configuration hadoop) {}
