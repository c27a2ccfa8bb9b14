// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.Wire;

/**
 * Which rounds are measured.
 *
 * @param slices how many parameters there are, and how they are cut
 * @param workers how many workers
 * @param rounds how many rounds are measured, after a warm-up
 * @param wire the format in which workers send their values
 * @param steps the local steps of a round
 * @param overlapSteps after how many steps of the next round workers take the average; 0 if they
 *     begin that round with it
 */
public record AveragingLoad(
    ParameterSlices slices,
    int workers,
    int rounds,
    Wire wire,
    WaitingSteps steps,
    int overlapSteps) {}
