// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** An S3 server on this machine, in a process of its own: S3Proxy over a folder. */
public final class S3Server implements AutoCloseable {
  /** The one bucket. */
  public static final String BUCKET = "stoker";

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Process process;
  private final URI endpoint;

  private S3Server(Process process, URI endpoint) {
    this.process = process;
    this.endpoint = endpoint;
  }

  /**
   * Starts it.
   *
   * @param folder an empty folder for its objects and log
   */
  public static S3Server start(Path folder) {
    try {
      Files.createDirectories(folder.resolve("objects").resolve(BUCKET));
      URI endpoint = URI.create("http://127.0.0.1:" + freePort());
      Path properties = folder.resolve("s3proxy.properties");
      Files.write(
          properties,
          List.of(
              "s3proxy.endpoint=" + endpoint,
              "s3proxy.authorization=none",
              "jclouds.provider=filesystem",
              "jclouds.filesystem.basedir=" + folder.resolve("objects"),
              "jclouds.identity=nobody",
              "jclouds.credential=nothing"));
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx256m",
                  "-XX:+UseSerialGC",
                  "-jar",
                  Path.of(
                          System.getProperty("stoker.build", "target"),
                          "test-servers",
                          "s3proxy.jar")
                      .toAbsolutePath()
                      .toString(),
                  "--properties",
                  properties.toString())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("s3proxy.log").toFile())
              .start();
      S3Server server = new S3Server(process, endpoint);
      server.awaitAnswer(folder.resolve("s3proxy.log"));
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void awaitAnswer(Path log) throws IOException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (process.isAlive() && System.nanoTime() < end) {
      try (Socket socket = new Socket(endpoint.getHost(), endpoint.getPort())) {
        if (socket.isConnected()) {
          return;
        }
      } catch (IOException e) {
        Thread.onSpinWait();
      }
    }
    close();
    throw new AssertionError("The S3 server did not start: " + Files.readString(log));
  }

  /** Where it listens. */
  public URI endpoint() {
    return endpoint;
  }

  /** The process, for tests that stop it. */
  public ProcessHandle process() {
    return process.toHandle();
  }

  /** Reads an object past any filesystem; its status is 404 where there is none. */
  public HttpResponse<String> read(String key) {
    try {
      return HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(endpoint.resolve("/" + BUCKET + "/" + key)).build(),
              HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
