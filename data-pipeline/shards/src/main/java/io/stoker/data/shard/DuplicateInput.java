// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

/**
 * A sample for which the shards would hold the same bytes as for another one.
 *
 * @param path where it is, relative to the input
 * @param split it is in
 * @param className its class
 * @param copyOf the path of the sample that it is a copy of
 * @param copyOfSplit that sample's split
 * @param copyOfClass that sample's class
 */
public record DuplicateInput(
    String path,
    String split,
    String className,
    String copyOf,
    String copyOfSplit,
    String copyOfClass) {}
