// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.nio.file.AccessDeniedException;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;

class FailureTest {
  @Test
  void eachFamilyHasItsExitCode() {
    assertThat(Failure.of(new InputException("a"))).isEqualTo(new Failure(2, "a"));
    assertThat(Failure.of(new DamagedException("b"))).isEqualTo(new Failure(3, "b"));
    assertThat(Failure.of(new ResourceException("c"))).isEqualTo(new Failure(4, "c"));
  }

  @Test
  void aForeseenFailureIsFoundInsideSparksOwn() {
    Throwable failure =
        new SparkException("Job aborted due to stage failure", new DamagedException("shard 3"));

    assertThat(Failure.of(failure)).isEqualTo(new Failure(3, "shard 3"));
  }

  @Test
  void aLineBreakInANameCutsNothingOff() {
    assertThat(Failure.of(new InputException("Cannot read a\nb: no permission")).message())
        .isEqualTo("Cannot read a\nb: no permission");
  }

  @Test
  void ofAQuotedMessageTheFirstLineIsKept() {
    Exception quoted = new IllegalStateException("Path does not exist.\n== SQL ==\nSELECT");

    assertThat(
            Failure.of(
                    new InputException(
                        "Cannot use a\nb: " + quoted.getMessage() + " (try another)", quoted))
                .message())
        .isEqualTo("Cannot use a\nb: Path does not exist. (try another)");
  }

  @Test
  void whatTheMachineLacksIsAMissingResource() {
    assertThat(Failure.of(new OutOfMemoryError("Java heap space")).exitCode()).isEqualTo(4);
    assertThat(Failure.of(new IOException("No space left on device")).exitCode()).isEqualTo(4);
    assertThat(Failure.of(new ConnectException("Connection refused")).exitCode()).isEqualTo(4);
  }

  /** As the S3 clients of Hadoop 3.3 and 3.5 say it. */
  @Test
  void missingCredentialsAreSaidWithoutClassNames() {
    for (String reason :
        new String[] {
          "org.apache.hadoop.fs.s3a.auth.NoAuthWithAWSException: No AWS Credentials provided by"
              + " SimpleAWSCredentialsProvider : com.amazonaws.SdkClientException: Unable to",
          "software.amazon.awssdk.core.exception.SdkClientException: Unable to load credentials"
              + " from any of the providers in the chain"
        }) {
      assertThat(Failure.of(new AccessDeniedException("s3a://b/x", null, reason)).message())
          .startsWith("No access: s3a://b/x: no credentials for S3 (set AWS_ACCESS_KEY_ID");
    }
    assertThat(Failure.of(new AccessDeniedException("s3a://b/x", null, "a.b.CException: 403")))
        .isEqualTo(new Failure(4, "No access: s3a://b/x: 403"));
  }

  @Test
  void anApplicationThatTheClusterEndedIsNoBug() {
    for (Exception failure :
        new Exception[] {
          new IllegalStateException("SparkContext has been shutdown"),
          new SparkException("Job 3 cancelled because SparkContext was shut down"),
          new SparkException(
              "Job aborted due to stage failure: Master removed our application: KILLED"),
          new SparkException(
              "Job aborted due to stage failure: Task serialization failed:"
                  + " java.lang.InterruptedException"),
          new IllegalStateException("Cannot call methods on a stopped SparkContext.\nThis ...")
        }) {
      assertThat(Failure.of(failure).exitCode()).isEqualTo(4);
      assertThat(Failure.of(failure).message()).startsWith("The cluster has ended");
      assertThat(Failure.of(failure).goesOn()).isTrue();
    }
    assertThat(Failure.of(new IllegalStateException("else")).exitCode()).isEqualTo(1);
  }

  @Test
  void resultsThatSparkRefusesAreNoBug() {
    String reason =
        "Job aborted due to stage failure: Total size of serialized results of 1 tasks (2.8 KiB) is"
            + " bigger than spark.driver.maxResultSize (1024.0 B)";

    assertThat(Failure.of(new SparkException(reason)))
        .isEqualTo(
            new Failure(4, reason + ": raise that setting, or its memory with --driver-memory"));
  }

  @Test
  void aFullDiskIsNamedByWhatWasWritten() {
    Throwable failure =
        new UncheckedIOException("Cannot write r/x", new IOException("No space left on device"));

    assertThat(Failure.of(new SparkException("Job aborted", failure)).message())
        .isEqualTo("Cannot write r/x: No space left on device (free some there)");
    assertThat(Failure.of(new IOException("No space left on device")).message())
        .contains("Spark's local folders")
        .doesNotContain("--resume");
  }

  /** As HDFS says it to its client, and as Spark quotes a task that was told so. */
  @Test
  void aQuotaIsNoBug() {
    String words =
        "The NameSpace quota (directories and files) of directory /q is exceeded: quota=2";
    String hadoop =
        "org.apache.hadoop.hdfs.protocol.NSQuotaExceededException: " + words + "\n\tat a.B";

    assertThat(Failure.of(new UncheckedIOException(new IOException(hadoop))))
        .isEqualTo(new Failure(4, words + " (delete files there, or have the quota raised)", true));
    assertThat(
            Failure.of(
                    new UncheckedIOException("Cannot write hdfs://h/q/x", new IOException(words)))
                .message())
        .startsWith("Cannot write hdfs://h/q/x: The NameSpace quota ");
    assertThat(Failure.of(new SparkException("Job aborted: Task 0 failed: " + hadoop)).message())
        .startsWith("The NameSpace quota ")
        .doesNotContain("at a.B");
    assertThat(Failure.of(new IOException("Disk quota exceeded")).exitCode()).isEqualTo(4);
  }

  @Test
  void hdfsWithoutRoomIsNoBug() {
    String words =
        "File /a/x could only be written to 0 of the 1 minReplication nodes. There are 1"
            + " datanode(s) running and 1 node(s) are excluded in this operation.";

    assertThat(Failure.of(new IllegalStateException(new IOException(words + "\n\tat a.B"))))
        .isEqualTo(new Failure(4, words + " (the DataNodes of HDFS are full, or away)", true));
  }

  /** As ulimit -f has it, also where Java's native libraries are unpacked. */
  @Test
  void aLimitOfFilesIsNoFullDisk() {
    IOException reason = new IOException("File too large");

    assertThat(Failure.of(new UncheckedIOException("Cannot write r/x", reason)).message())
        .startsWith("Cannot write r/x: File too large (a limit of the user's, see ulimit -f");
    assertThat(
            Failure.of(
                new NoClassDefFoundError("Could not initialize class a.B")
                    .initCause(new UnsatisfiedLinkError("Failed to create b.so: File too large"))))
        .satisfies(failure -> assertThat(failure.exitCode()).isEqualTo(4))
        .satisfies(failure -> assertThat(failure.message()).startsWith("File too large ("));
  }

  @Test
  void anUnknownSchemeIsBadInput() {
    Failure failure = Failure.of(new UnsupportedFileSystemException("No FileSystem for foo"));

    assertThat(failure.exitCode()).isEqualTo(2);
    assertThat(failure.message()).contains("hdfs://");
  }

  @Test
  void anythingElseIsABugAndSaysWhere() {
    Failure failure = Failure.of(new IllegalStateException("first\nsecond"));

    assertThat(failure.exitCode()).isEqualTo(1);
    assertThat(failure.message())
        .contains("bug", "IllegalStateException: first", "FailureTest", "--verbose")
        .doesNotContain("second");
  }

  @Test
  void aFailureThatCausesItselfComesToAnEnd() {
    Exception outer = new IllegalStateException("outer");
    Exception inner = new IllegalStateException("inner", outer);
    outer.initCause(inner);

    assertThat(Failure.of(outer).exitCode()).isEqualTo(1);
  }
}
