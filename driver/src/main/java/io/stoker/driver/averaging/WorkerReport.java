package io.stoker.driver.averaging;

import java.io.Serializable;

/**
 * What a worker tells about its part of a round.
 *
 * @param worker which one
 * @param examples how many examples it saw
 * @param lossSum the sum of their cross-entropies, in nats
 * @param correct how many of them were classified right
 * @param gatherSeconds fetching the parameters
 * @param waitSeconds waiting for data
 * @param computeSeconds forward, backward and update
 * @param scatterSeconds cutting the result into pieces, and the shuffle taking them
 * @param fetchedBytes parameters that came from other executors
 */
public record WorkerReport(
    int worker,
    long examples,
    double lossSum,
    long correct,
    double gatherSeconds,
    double waitSeconds,
    double computeSeconds,
    double scatterSeconds,
    long fetchedBytes)
    implements Serializable {}
