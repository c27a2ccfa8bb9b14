// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

/**
 * How often a class was taken for another.
 *
 * @param actual the class of the images
 * @param predicted the class that they were taken for
 * @param times how many images
 */
public record Confusion(ClassScore actual, ClassScore predicted, long times) {}
