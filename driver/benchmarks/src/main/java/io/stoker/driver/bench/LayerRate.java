// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

/**
 * How fast one layer was in a worker's step.
 *
 * @param depth the number of blocks around it; the time of a block includes that of its layers
 * @param layer its number, and what {@code stoker models} calls it
 * @param output the shape of one example after the layer
 * @param algorithm how it is computed; empty if there is only one way
 * @param forwardMilliseconds its forward pass
 * @param backwardMilliseconds its backward pass; 0 if there is none
 * @param forwardGigaflopsPerSecond of all workers
 * @param backwardGigaflopsPerSecond of all workers; 0 if there is no backward pass
 * @param shareOfPeak the arithmetic of both passes, divided by what the machine could do in their
 *     time by direct convolution in fp32; Winograd and bf16 may exceed it
 */
public record LayerRate(
    int depth,
    String layer,
    String output,
    String algorithm,
    double forwardMilliseconds,
    double backwardMilliseconds,
    double forwardGigaflopsPerSecond,
    double backwardGigaflopsPerSecond,
    double shareOfPeak) {}
