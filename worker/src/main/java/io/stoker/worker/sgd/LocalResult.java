// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.sgd;

/**
 * The result of a worker's local steps of a round, apart from the parameters.
 *
 * @param examples how many examples they trained on
 * @param lossSum the sum of the examples' cross-entropies, each before its own step, in nats
 * @param correct how many examples were classified correctly
 * @param waitSeconds waiting for data
 * @param computeSeconds forward, backward and update
 */
public record LocalResult(
    long examples, double lossSum, long correct, double waitSeconds, double computeSeconds) {}
