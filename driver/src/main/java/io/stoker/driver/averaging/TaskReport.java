// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.io.Serializable;
import java.util.List;

/**
 * What a task reports to the driver about one of its rounds.
 *
 * @param round the round, from 0 within the stage
 * @param worker the worker's part of the round
 * @param averages the averages that this task computed itself in order to begin the round; empty
 *     for the stage's first round, whose averages the slices report
 */
record TaskReport(int round, WorkerReport worker, List<SliceReport> averages)
    implements Serializable {}
