// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpChunkedInput;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.stream.ChunkedStream;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small HTTP server of pages that can be read. A client that is slow to ask, or to take its
 * answer, costs a connection and nothing else: no thread waits for it, it has a few seconds, and
 * where too many are connected the oldest is dropped. Each connection is for one request.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Netty closes a channel whose write fails.
final class WebServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WebServer.class);

  /** Below the usual limit of open files. */
  static final int MAXIMUM_CONNECTIONS = 256;

  /** From the connection to the end of the request's headers. */
  private static final Duration REQUEST = Duration.ofSeconds(5);

  /** From the request to the last byte of its answer. */
  private static final Duration ANSWER = Duration.ofSeconds(60);

  private static final int MAXIMUM_LINE = 4096;
  private static final int MAXIMUM_HEADERS = 16 * 1024;
  private static final int CHUNK = 16 * 1024;

  /** Requests that wait for their pages to be made; more are refused. */
  private static final int QUEUE = 64;

  private final Site site;
  private final Duration patience;
  private final EventLoopGroup loop;
  private final ThreadPoolExecutor worker;
  private final Channel listening;

  /** In the order in which they came; only the one thread of the loop uses it. */
  private final Set<Channel> connections = new LinkedHashSet<>();

  /** What a server serves. Its methods are called by one thread, which may take its time. */
  interface Site {
    /**
     * Answers a request.
     *
     * @param host the host that the request names, as the client wrote it; empty if it names none
     * @param path the path of the resource, without a query
     */
    Answer get(String host, String path);
  }

  /**
   * An answer.
   *
   * @param status HTTP's
   * @param headers by name
   * @param content the body; it is not copied
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Answer(int status, Map<String, String> headers, byte[] content) {
    static Answer text(int status, String text) {
      return new Answer(
          status,
          Map.of("Content-Type", "text/plain; charset=utf-8"),
          (text + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  // Netty 4.2, which Spark 4 has, deprecates the class; 4.1 knows no other.
  @SuppressWarnings("deprecation")
  private WebServer(Site site, InetSocketAddress address, Duration patience) throws IOException {
    this.site = site;
    this.patience = patience;
    this.loop = new NioEventLoopGroup(1, new DefaultThreadFactory("dashboard", true));
    this.worker =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(QUEUE),
            new DefaultThreadFactory("dashboard-pages", true));
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childHandler(new Connecting())
            .bind(address)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      close();
      throw new IOException(bound.cause().getMessage(), bound.cause());
    }
    this.listening = bound.channel();
  }

  /**
   * Begins to serve.
   *
   * @param site what is served
   * @param address where to listen; port 0 for a free one
   * @throws IOException if it cannot listen there
   */
  static WebServer start(Site site, InetSocketAddress address) throws IOException {
    return start(site, address, REQUEST);
  }

  /** As above, with the time that a client has from its connection to the end of its headers. */
  static WebServer start(Site site, InetSocketAddress address, Duration patience)
      throws IOException {
    return new WebServer(site, address, patience);
  }

  /** Where it listens. */
  InetSocketAddress address() {
    return (InetSocketAddress) listening.localAddress();
  }

  /** Sets a new connection up. */
  private final class Connecting extends ChannelInitializer<SocketChannel> {
    @Override
    protected void initChannel(SocketChannel channel) {
      if (connections.size() >= MAXIMUM_CONNECTIONS) {
        Channel oldest = connections.iterator().next();
        connections.remove(oldest);
        oldest.close();
      }
      connections.add(channel);
      channel.closeFuture().addListener(closed -> connections.remove(channel));
      channel
          .pipeline()
          .addLast(new HttpServerCodec(MAXIMUM_LINE, MAXIMUM_HEADERS, CHUNK))
          .addLast(new ChunkedWriteHandler())
          .addLast(new Connection());
    }
  }

  /** One connection: its first request is answered, and nothing that comes after it is read. */
  private final class Connection extends SimpleChannelInboundHandler<HttpObject> {
    private boolean asked;

    @Override
    public void channelActive(ChannelHandlerContext context) {
      closeAfter(context.channel(), patience, () -> !asked);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject message) {
      if (asked || !(message instanceof HttpRequest request)) {
        return;
      }
      asked = true;
      context.channel().config().setAutoRead(false);
      closeAfter(context.channel(), ANSWER, () -> true);
      boolean head = HttpMethod.HEAD.equals(request.method());
      List<String> hosts = request.headers().getAll(HttpHeaderNames.HOST);
      if (request.decoderResult().isFailure() || hosts.size() > 1) {
        send(context, Answer.text(400, "Not a request"), head);
      } else if (!head && !HttpMethod.GET.equals(request.method())) {
        send(context, Answer.text(405, "Only GET and HEAD"), false);
      } else {
        String host = hosts.isEmpty() ? "" : hosts.get(0).strip();
        String path = request.uri().split("\\?", 2)[0];
        try {
          worker.execute(() -> send(context, site.get(host, path), head));
        } catch (RejectedExecutionException e) {
          send(context, Answer.text(503, "Too many requests"), head);
        }
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      LOG.debug("A client was disconnected", cause);
      context.close();
    }
  }

  private interface Condition {
    boolean holds();
  }

  private static void closeAfter(Channel channel, Duration time, Condition condition) {
    Future<?> timeout =
        channel
            .eventLoop()
            .schedule(
                () -> {
                  if (condition.holds()) {
                    channel.close();
                  }
                },
                time.toMillis(),
                TimeUnit.MILLISECONDS);
    channel.closeFuture().addListener(closed -> timeout.cancel(false));
  }

  private static void send(ChannelHandlerContext context, Answer answer, boolean head) {
    HttpResponse response =
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(answer.status()));
    HttpHeaders headers = response.headers();
    answer.headers().forEach(headers::set);
    headers.set(HttpHeaderNames.CONTENT_LENGTH, answer.content().length);
    headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    Object body =
        head
            ? LastHttpContent.EMPTY_LAST_CONTENT
            : new HttpChunkedInput(
                new ChunkedStream(new ByteArrayInputStream(answer.content()), CHUNK));
    context.write(response);
    context.writeAndFlush(body).addListener(ChannelFutureListener.CLOSE);
  }

  @Override
  public void close() {
    worker.shutdownNow();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
