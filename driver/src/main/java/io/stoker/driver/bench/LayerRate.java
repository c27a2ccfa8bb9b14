package io.stoker.driver.bench;

/**
 * How fast one layer was in a worker's step.
 *
 * @param layer its number from 1, and what {@code stoker models} calls it
 * @param output one example's shape behind it
 * @param forwardMilliseconds its forward pass
 * @param backwardMilliseconds its backward pass; 0 where there is none
 * @param forwardGigaflopsPerSecond of all workers
 * @param backwardGigaflopsPerSecond of all workers; 0 where there is no backward pass
 * @param shareOfPeak both passes' arithmetic, of what the machine could have done in their time
 */
public record LayerRate(
    String layer,
    String output,
    double forwardMilliseconds,
    double backwardMilliseconds,
    double forwardGigaflopsPerSecond,
    double backwardGigaflopsPerSecond,
    double shareOfPeak) {}
