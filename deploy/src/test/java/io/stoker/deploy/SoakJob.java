// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import io.stoker.driver.S3Server;

/** What the jobs of a {@link Soak} do; they take turns. */
enum SoakJob {
  /** Three workers on two slots, so that a round has two waves and two stages. */
  IN_WAVES(
      5,
      """
      workers: 3
      local-steps: 4
      epochs: 12
      slice-bytes: 65536
      checkpoint-every: 3
      """),
  /** A worker a slot, who average slices for each other, take an outer step, and send changes. */
  TOGETHER_IN_SLICES(
      20,
      """
      workers: 2
      local-steps: 4
      epochs: 40
      slice-bytes: 65536
      outer-momentum: 0.5
      wire: int8
      checkpoint-every: 16
      """),
  /** A worker a slot, each of which averages the one slice for itself. */
  TOGETHER(
      20,
      """
      workers: 2
      local-steps: 4
      epochs: 40
      checkpoint-every: 16
      """),
  /** A worker a slot, whose rounds overlap in groups of an epoch. */
  OVERLAPPING(
      20,
      """
      workers: 2
      local-steps: 4
      overlap-steps: 2
      epochs: 40
      slice-bytes: 65536
      checkpoint-every: 16
      """),
  /** Rounds that end without a worker that is late. */
  WITH_QUORUM(
      20,
      """
      workers: 2
      local-steps: 4
      quorum: 0.5
      epochs: 40
      slice-bytes: 65536
      checkpoint-every: 16
      """),
  /** In bf16, with the moments of AdamW and a moving average of the parameters. */
  IN_BF16(
      20,
      """
      workers: 2
      local-steps: 4
      precision: bf16
      optimizer: adamw
      ema: 0.99
      epochs: 40
      slice-bytes: 65536
      checkpoint-every: 16
      """),
  /** On shards that it prepares from a table, which are on S3 as the run is. */
  FROM_A_TABLE_ON_S3(
      20,
      """
      workers: 2
      local-steps: 4
      epochs: 40
      slice-bytes: 65536
      checkpoint-every: 4
      """);

  private static final String ALL =
      """
      batch: 32
      learning-rate: 0.02
      keep: 4
      """;

  /** Between two faults at most, so that the job gets on. */
  final int mostRounds;

  private final String recipe;

  SoakJob(int mostRounds, String recipe) {
    this.mostRounds = mostRounds;
    this.recipe = recipe;
  }

  String recipe() {
    return recipe + ALL + (this == IN_BF16 ? "" : "momentum: 0.9\n");
  }

  /** Whether the result is one of the job alone, or of the job and its record. */
  boolean hasRecord() {
    return this == WITH_QUORUM;
  }

  /** Where nothing disturbs it: on one slot, if that is possible. */
  String quietMaster() {
    return this == OVERLAPPING || this == WITH_QUORUM ? "local[2]" : "local[1]";
  }

  boolean isOnS3() {
    return this == FROM_A_TABLE_ON_S3;
  }

  /** The folder of the run with this name. */
  String run(String name) {
    return (isOnS3() ? "s3a://" + S3Server.BUCKET : "disk") + "/" + name;
  }

  /** The shards. */
  String data() {
    return isOnS3() ? run("data") : "data";
  }

  /** The command that makes the shards of {@link #FROM_A_TABLE_ON_S3}. */
  String preparing() {
    return "prepare --format table --table-format parquet --input table --size 28 --shard-mb 1"
        + " --overwrite --json --output "
        + data();
  }

  String training(String run) {
    return "train --data %s --model lenet5 --recipe %s.yaml --json --run %s"
        .formatted(data(), name(), run(run));
  }
}
