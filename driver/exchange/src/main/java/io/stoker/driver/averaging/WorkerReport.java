// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.worker.sgd.Measurements;
import java.io.Serializable;

/**
 * What a worker reports to the driver about its part of a round.
 *
 * @param worker the worker's number
 * @param measured what it has measured
 */
public record WorkerReport(int worker, Measurements measured) implements Serializable {}
