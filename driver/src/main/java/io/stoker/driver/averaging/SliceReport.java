package io.stoker.driver.averaging;

import java.io.Serializable;

/**
 * What the driver learns about a slice that was averaged: a few bytes, whatever the size of the
 * model.
 *
 * @param slice which slice
 * @param seconds how long fetching and averaging its pieces took
 * @param movedBytes pieces that other executors have written
 * @param driftSquared see {@link WeightedMean.Averaged}
 * @param normSquared see {@link WeightedMean.Averaged}
 */
record SliceReport(
    int slice, double seconds, long movedBytes, double driftSquared, double normSquared)
    implements Serializable {}
