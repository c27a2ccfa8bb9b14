// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.io.Serializable;

/**
 * What a task reports to the driver about a slice that it has averaged: a few bytes, whatever the
 * size of the model.
 *
 * @param slice the slice's number
 * @param seconds how long fetching and averaging its pieces took
 * @param movedBytes the bytes of pieces that came from other executors
 * @param driftSquared see {@link WeightedMean.Averaged}
 * @param normSquared see {@link WeightedMean.Averaged}
 */
record SliceReport(
    int slice, double seconds, long movedBytes, double driftSquared, double normSquared)
    implements Serializable {}
