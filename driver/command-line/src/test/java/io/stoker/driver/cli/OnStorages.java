// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.data.FullDisk;
import io.stoker.data.storage.Storage;
import io.stoker.driver.FaultyEndpoint;
import io.stoker.driver.FaultyEndpoint.Fault;
import io.stoker.driver.S3Server;
import io.stoker.driver.command.SparkSetup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A local disk, HDFS and S3, each with the same shards, for tests of commands on them. */
abstract class OnStorages {
  static final String SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY";
  static final int DONE_ROUNDS = 8;

  @TempDir static Path folder;

  static MiniDFSCluster hdfs;
  static S3Server s3;
  static FaultyEndpoint endpoint;
  static Commands commands;
  static Map<String, String> roots;

  /** What a run gives that nothing disturbs. */
  static JsonNode undisturbed;

  @BeforeAll
  static void start() throws IOException {
    Commands.writeImages(folder.resolve("images"), 60);
    s3 = S3Server.start(Files.createDirectory(folder.resolve("s3")));
    endpoint = FaultyEndpoint.before(s3.endpoint());
    HdfsConfiguration configuration = new HdfsConfiguration();
    configuration.setInt("dfs.replication", 1);
    hdfs =
        new MiniDFSCluster.Builder(configuration, folder.resolve("hdfs").toFile())
            .numDataNodes(1)
            .build();
    roots = new HashMap<>();
    roots.put("local", folder.resolve("local").toString());
    roots.put("hdfs", hdfs.getURI() + "/jobs");
    roots.put("s3a", "s3a://" + S3Server.BUCKET + "/jobs");
    // The file system of a bucket lives as long as the endpoint, so that all tests set it up alike.
    commands =
        new Commands()
            .with("spark.hadoop.fs.full.impl", FullDisk.class.getName())
            .with("spark.hadoop.fs.s3a.endpoint", endpoint.endpoint())
            .with("spark.hadoop.fs.s3a.path.style.access", true)
            .with("spark.hadoop.fs.s3a.connection.ssl.enabled", false)
            .with("spark.hadoop.fs.s3a.access.key", "AKIAIOSFODNN7EXAMPLE")
            .with("spark.hadoop.fs.s3a.secret.key", SECRET)
            .with("spark.hadoop.fs.s3a.attempts.maximum", 1)
            .with("spark.hadoop.fs.s3a.retry.interval", "5ms")
            .with("spark.hadoop.fs.s3a.retry.throttle.interval", "5ms");
    for (String root : roots.values()) {
      commands.json(
          "prepare --input "
              + folder.resolve("images")
              + " --output "
              + root
              + "/data --channels 1");
    }
    undisturbed = commands.json(train("local", "undisturbed"));
  }

  @AfterAll
  static void stop() throws IOException {
    FileSystem.closeAll(); // Those of the bucket know this endpoint.
    endpoint.close();
    s3.close();
    hdfs.shutdown();
  }

  @BeforeEach
  void heal() {
    endpoint.inject((request, what) -> Fault.NONE);
  }

  static String train(String storage, String run) {
    return train(storage, run, 2);
  }

  static String train(String storage, String run, int epochs) {
    String root = roots.get(storage);
    return "train --data %s/data --run %s/%s --model perceptron".formatted(root, root, run)
        + " --batch 8 --local-steps 2 --checkpoint-every 2 --learning-rate 0.02"
        + " --schedule constant --epochs "
        + epochs;
  }

  /** The files of a folder by name. */
  static Map<String, String> files(String location) {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(location);
    Map<String, String> contents = new TreeMap<>();
    try {
      FileSystem fileSystem = Storage.of(path, new Configuration());
      for (FileStatus status : fileSystem.listStatus(path)) {
        try (FSDataInputStream in = fileSystem.open(status.getPath())) {
          contents.put(
              status.getPath().getName(),
              new String(in.readAllBytes(), StandardCharsets.ISO_8859_1));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return contents;
  }

  static void store(String location, byte[] bytes) throws IOException {
    org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path(location);
    try (FSDataOutputStream out = Storage.of(file, SparkSetup.hadoop()).create(file, true)) {
      out.write(bytes);
    }
  }
}
