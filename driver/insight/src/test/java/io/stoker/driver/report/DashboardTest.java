// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.RunOnDisk;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DashboardTest {
  private static final String LOOPBACK = "127.0.0.1";

  @TempDir Path folder;

  private final Configuration hadoop = new Configuration();

  @Tag("slow")
  @Test
  void followsARunAsItGoesOn() throws Exception {
    RunOnDisk run = RunOnDisk.in(folder.resolve("run"), 60).rounds(1, 3);
    try (Browser browser = Browser.start();
        Dashboard dashboard = serve(folder.resolve("run").toString())) {
      browser.open(dashboard.url());
      assertThat(browser.text("#top")).contains("3 of 60").contains("Following the run.");
      browser.assertAccessible();

      run.rounds(4, 17);
      browser.until("document.querySelector('#top').textContent.includes('17 of 60')");
      run.validation(10, 0.75);
      browser.until("document.querySelector('#top').textContent.includes('75.00 % in round 10')");
      browser.assertQuiet();
    }
  }

  @Tag("slow")
  @Test
  void showsRunsSideBySideAndWhatDiffersBetweenThem() throws Exception {
    RunOnDisk.in(config("first").batch(32), 60).rounds(1, 30);
    RunOnDisk.in(config("second").batch(48), 60).rounds(1, 10).validation(5, 0.5);
    RunOnDisk.in(config("third"), 60);
    Files.writeString(folder.resolve("third/run.json"), "{");
    try (Browser browser = Browser.start();
        Dashboard dashboard = serve(folder.toString())) {
      browser.open(dashboard.url());

      assertThat(browser.text("h1")).isEqualTo("3 runs");
      assertThat(browser.text("#top .bad")).startsWith("third cannot be read: ");
      assertThat(browser.text("#configuration table caption")).isEqualTo("Options that differ");
      assertThat(browser.text("#configuration table tbody")).contains("batch3248");
      assertThat(browser.text(".legend")).isEqualTo("firstsecondsecond, validation");
      browser.size(500, 900);
      browser.assertAccessible();
      browser.assertQuiet();
      browser.keep("dashboard");
    }
  }

  @Test
  void showsARunThatIsAboutToBegin() throws Exception {
    try (Dashboard dashboard = Dashboard.ofNewRun(folder.resolve("new").toString(), 0, hadoop)) {
      assertThat(data(dashboard).get("runs")).isEmpty();

      RunOnDisk.in(folder.resolve("new"), 5).rounds(1, 2);

      await(() -> data(dashboard).at("/runs/0/rounds").asInt() == 2);
    }
  }

  @Test
  void saysWhatIsDamagedWhileItFollows() throws Exception {
    RunOnDisk.in(folder.resolve("run"), 60).rounds(1, 3);
    try (Dashboard dashboard = serve(folder.resolve("run").toString())) {
      assertThat(data(dashboard).at("/runs/0/damage").asText()).isEmpty();

      Files.writeString(folder.resolve("run/metrics.jsonl"), "no round\n");

      await(
          () ->
              data(dashboard)
                  .at("/runs/0/damage")
                  .asText()
                  .contains("its last line: it is not valid JSON"));
    }
  }

  @Test
  void servesChartsAsTheyAreNow() throws Exception {
    AtomicInteger looks = new AtomicInteger();
    AtomicBoolean readable = new AtomicBoolean(true);
    Supplier<ObjectNode> view =
        () -> {
          looks.incrementAndGet();
          Check.undamaged(readable.get(), "a study is damaged");
          return new ObjectMapper().createObjectNode().put("looks", looks.get());
        };
    try (Dashboard dashboard = Dashboard.ofCharts(view, LOOPBACK, 0)) {
      assertThat(data(dashboard).path("live").asBoolean()).isTrue();
      await(() -> data(dashboard).path("looks").asInt() > 1);

      readable.set(false);
      await(() -> get(dashboard, "data.json").statusCode() == 503);
      assertThat(get(dashboard, "data.json").body()).contains("a study is damaged");
      readable.set(true);
      await(() -> get(dashboard, "data.json").statusCode() == 200);
    }
  }

  @Test
  void chartsThatCannotBeReadAreNotReadForEachRequest() {
    AtomicInteger looks = new AtomicInteger();
    LiveView view =
        new LiveView(
            () -> {
              looks.incrementAndGet();
              throw new DamagedException("damaged");
            });
    for (int i = 0; i < 100; i++) {
      assertThatThrownBy(view::now).hasMessage("damaged");
    }
    assertThat(looks.get()).isLessThan(50);
  }

  @Tag("slow")
  @Test
  void showsTheNewestOfManyRunsAndSaysHowManyItDoesNot() throws Exception {
    for (int i = 0; i < LiveRuns.MAXIMUM_RUNS; i++) {
      writeOldRun(
          String.format(Locale.ROOT, "run-%02d", i),
          Instant.parse("2026-01-02T03:04:05Z").plusSeconds(i));
    }
    try (Browser browser = Browser.start();
        Dashboard dashboard = serve(folder.toString())) {
      browser.open(dashboard.url());
      assertThat(browser.text("h1")).isEqualTo("20 runs");
      assertThat(browser.text("#top")).doesNotContain("not shown");

      RunOnDisk.in(folder.resolve("new"), 60).rounds(1, 3);

      await(() -> data(dashboard).get("not_shown").asInt() == 1);
      assertThat(data(dashboard).get("runs").findValuesAsText("name"))
          .hasSize(20)
          .contains("new", "run-01")
          .doesNotContain("run-00");
      browser.until("document.querySelector('#top').textContent.includes('1 older one is not')");
      browser.assertAccessible();
      browser.assertQuiet();
    }
  }

  private void writeOldRun(String name, Instant updated) throws IOException {
    RunOnDisk.in(folder.resolve(name), 60).rounds(1, 3);
    for (String file : List.of("run.json", "metrics.jsonl")) {
      Files.setLastModifiedTime(folder.resolve(name).resolve(file), FileTime.from(updated));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/run.json",
        "/../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/data.json/x",
        "//etc/passwd",
        "/%00"
      })
  void servesNothingButItsTwoResources(String path) throws Exception {
    RunOnDisk.in(folder.resolve("run"), 60).rounds(1, 3);
    try (Dashboard dashboard = serve(folder.resolve("run").toString())) {
      assertThat(raw(dashboard, "GET " + path, LOOPBACK)).matches("(?s)HTTP/1.1 40[04] .*");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "evil.example, 403",
    "evil.example:8085, 403",
    "127.0.0.1.evil.example, 403",
    "localhost.evil.example, 403",
    "127.0.0.1, 200",
    "localhost:1, 200",
    "[::1]:8085, 200",
    "LocalHost, 200",
    "[FE80::1], 200",
    "localhost:80:80, 403",
    "localhost evil.example, 403"
  })
  void answersOnlyToItsOwnName(String host, int status) throws Exception {
    RunOnDisk.in(folder.resolve("run"), 60);
    try (Dashboard dashboard = serve(folder.resolve("run").toString())) {
      assertThat(raw(dashboard, "GET /", host)).startsWith("HTTP/1.1 " + status);
    }
  }

  @Test
  void comparesTheNameThatItWasToldWithoutCase() throws Exception {
    RunOnDisk.in(folder.resolve("run"), 60);
    String name = InetAddress.getLocalHost().getHostName();
    try (Dashboard dashboard =
        Dashboard.of(List.of(folder.resolve("run").toString()), name, 0, hadoop)) {
      assertThat(raw(dashboard, "GET /", name.toUpperCase(Locale.ROOT) + ":80"))
          .startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void answersHeadAsGetButWithoutTheBody() throws Exception {
    RunOnDisk.in(folder.resolve("run"), 60);
    try (Dashboard dashboard = serve(folder.resolve("run").toString())) {
      String get = raw(dashboard, "GET /", LOOPBACK);
      String head = raw(dashboard, "HEAD /", LOOPBACK);

      assertThat(head).startsWith("HTTP/1.1 200").endsWith("\r\n\r\n");
      assertThat(get).startsWith(head).hasSizeGreaterThan(head.length() + 1000);
      assertThat(raw(dashboard, "HEAD /none", LOOPBACK)).startsWith("HTTP/1.1 404");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
        "GET / HTTP/1.1\r\n: \r\n\r\n",
        "oops\r\n\r\n"
      })
  void refusesWhatIsNoRequest(String request) throws Exception {
    RunOnDisk.in(folder.resolve("run"), 60);
    try (Dashboard dashboard = serve(folder.resolve("run").toString());
        Socket client = half(dashboard, request)) {
      assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 400");
    }
  }

  @Test
  void refusesALineOrHeadersWithoutEnd() throws Exception {
    RunOnDisk.in(folder.resolve("run"), 60);
    try (Dashboard dashboard = serve(folder.resolve("run").toString())) {
      assertThat(raw(dashboard, "GET /" + "x".repeat(5000), LOOPBACK)).startsWith("HTTP/1.1 400");
      assertThat(raw(dashboard, "GET /", LOOPBACK + "\r\nX: " + "x".repeat(20_000)))
          .startsWith("HTTP/1.1 400");
    }
  }

  private static Socket half(Dashboard dashboard, String text) throws IOException {
    URI url = URI.create(dashboard.url());
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4096);
    socket.connect(new InetSocketAddress(url.getHost(), url.getPort()));
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  @Test
  void sendsHeadersThatTieTheBrowsersHands() throws Exception {
    RunOnDisk.in(folder.resolve("run"), 60);
    try (Dashboard dashboard = serve(folder.resolve("run").toString())) {
      HttpResponse<String> answer = get(dashboard, "");
      assertThat(answer.headers().map())
          .containsEntry("x-content-type-options", List.of("nosniff"))
          .containsEntry("referrer-policy", List.of("no-referrer"))
          .containsEntry("cache-control", List.of("no-store"));
      assertThat(answer.headers().firstValue("content-security-policy").orElseThrow())
          .contains("default-src 'none'")
          .contains("frame-ancestors 'none'")
          .doesNotContain("unsafe");
      assertThat(raw(dashboard, "POST /", LOOPBACK)).startsWith("HTTP/1.1 405");
    }
  }

  @Test
  void refusesWhatItCannotServe() throws IOException {
    RunOnDisk.in(folder.resolve("run"), 60);
    String run = folder.resolve("run").toString();
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(() -> Dashboard.of(List.of(run), LOOPBACK, taken.getLocalPort(), hadoop))
          .isInstanceOf(ResourceException.class)
          .hasMessageContaining("Cannot listen on 127.0.0.1:" + taken.getLocalPort());
    }
    assertThatThrownBy(() -> serve(folder.resolve("none").toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Cannot find folder");
    assertThatThrownBy(() -> Dashboard.of(List.of(run), LOOPBACK, 70000, hadoop))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid port: 70000");
    assertThatThrownBy(() -> Dashboard.of(List.of(run), "no such host", 0, hadoop))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid address");
  }

  private Dashboard serve(String run) {
    return Dashboard.of(List.of(run), LOOPBACK, 0, hadoop);
  }

  private TrainingConfig.Builder config(String run) {
    return TrainingConfig.builder()
        .data("/data")
        .run(folder.resolve(run).toString())
        .model("lenet5");
  }

  private static HttpResponse<String> get(Dashboard dashboard, String path)
      throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(dashboard.url() + path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  private static JsonNode data(Dashboard dashboard) throws IOException, InterruptedException {
    return new ObjectMapper().readTree(get(dashboard, "data.json").body());
  }

  /** A request as it is, which no client tidies up. */
  private static String raw(Dashboard dashboard, String request, String host) throws IOException {
    URI url = URI.create(dashboard.url());
    try (Socket socket = new Socket(url.getHost(), url.getPort())) {
      String text = "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n".formatted(request, host);
      socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  /** Looks until it holds; a minute is far more than it takes. */
  private static void await(Condition condition) throws Exception {
    long start = System.nanoTime();
    while (!condition.holds()) {
      assertThat(System.nanoTime() - start).isLessThan(60_000_000_000L);
      Thread.onSpinWait();
    }
  }
}
