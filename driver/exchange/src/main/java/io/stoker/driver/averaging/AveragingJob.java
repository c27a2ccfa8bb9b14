// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.slice.SliceSource;
import java.util.concurrent.locks.Lock;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What all rounds of a job have in common; on the driver.
 *
 * @param spark the cluster
 * @param hadoop with which tasks reach files
 * @param average how pieces are averaged
 * @param frozen where the parameters come from that are in no slice
 * @param patience how long workers of a multi-round stage wait for each other
 * @param quorum the share of the workers with which a round may end; 1 for all
 * @param overlapping is held while a group of rounds that overlap is trained: a lost snapshot may
 *     have another group trained again on another thread, and two groups that have some of the
 *     slots each would wait for each other
 */
record AveragingJob(
    JavaSparkContext spark,
    Broadcast<SerializableConfiguration> hadoop,
    SliceAverage average,
    SliceSource frozen,
    StageRules.Patience patience,
    double quorum,
    Lock overlapping) {}
