// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A round in JSON. The seconds are an object of their own. What there is to say of single workers
 * is in lists, which are there only if they have elements.
 */
final class RoundLine {
  private static final String SECONDS = "seconds";
  private static final String ABSENT = "absent";
  private static final String STEPS = "worker_steps";
  private static final String SPEEDS = "worker_speeds";

  private static final Map<String, RoundNumber> NUMBERS = byKey(RoundNumber.LINE);
  private static final Map<String, RoundNumber> PHASES = byKey(RoundNumber.PHASES);

  private RoundLine() {}

  private static Map<String, RoundNumber> byKey(Collection<RoundNumber> numbers) {
    return numbers.stream().collect(Collectors.toMap(RoundNumber::key, Function.identity()));
  }

  /** Writes a round. */
  static final class Writer extends JsonSerializer<RoundMetrics> {
    @Override
    public void serialize(RoundMetrics round, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeStartObject();
      write(RoundNumber.LINE, round, out);
      write(ABSENT, round.absent(), out);
      write(STEPS, round.workers().steps(), out);
      write(SPEEDS, round.workers().speeds(), out);
      out.writeObjectFieldStart(SECONDS);
      write(RoundNumber.PHASES, round, out);
      out.writeEndObject();
      out.writeEndObject();
    }

    private static void write(String name, List<?> list, JsonGenerator out) throws IOException {
      if (!list.isEmpty()) {
        out.writeObjectField(name, list);
      }
    }

    private static void write(
        Collection<RoundNumber> numbers, RoundMetrics round, JsonGenerator out) throws IOException {
      for (RoundNumber number : numbers) {
        out.writeFieldName(number.key());
        double value = round.get(number);
        if (number.type() == Double.class) {
          out.writeNumber(value);
        } else if (number.type() == Float.class) {
          out.writeNumber((float) value);
        } else {
          out.writeNumber((long) value);
        }
      }
    }
  }

  /** What has been read of a line. */
  private record Parsed(
      Map<RoundNumber, Number> values,
      List<Integer> absent,
      List<Integer> steps,
      List<Double> speeds) {
    RoundWorkers workers() {
      return new RoundWorkers(absent, steps, speeds);
    }
  }

  /** Reads a round. Releases differ in its numbers: unknown ones are ignored, others are 0. */
  static final class Reader extends JsonDeserializer<RoundMetrics> {
    @Override
    public RoundMetrics deserialize(JsonParser in, DeserializationContext context)
        throws IOException {
      Parsed parsed =
          new Parsed(
              new EnumMap<>(RoundNumber.class),
              new ArrayList<>(),
              new ArrayList<>(),
              new ArrayList<>());
      boolean timed = read(NUMBERS, in, context, parsed);
      try {
        RoundMetrics round = RoundMetrics.of(parsed.values(), parsed.workers());
        Check.undamaged(timed, "Invalid round: round %s has no seconds", round.round());
        return round;
      } catch (DamagedException e) {
        throw context.instantiationException(RoundMetrics.class, e);
      }
    }

    /** Returns whether the object had one with the seconds. */
    private static boolean read(
        Map<String, RoundNumber> numbers,
        JsonParser in,
        DeserializationContext context,
        Parsed parsed)
        throws IOException {
      if (!in.isExpectedStartObjectToken()) {
        context.handleUnexpectedToken(RoundMetrics.class, in);
      }
      boolean timed = false;
      for (String name = in.nextFieldName(); name != null; name = in.nextFieldName()) {
        JsonToken value = in.nextToken();
        RoundNumber number = numbers.get(name);
        try {
          if (number != null) {
            parsed.values().put(number, context.readValue(in, number.type()));
          } else if (name.equals(SECONDS) && numbers == NUMBERS) {
            read(PHASES, in, context, parsed);
            timed = true;
          } else if (name.equals(ABSENT) && numbers == NUMBERS) {
            parsed.absent().addAll(List.of(context.readValue(in, Integer[].class)));
          } else if (name.equals(STEPS) && numbers == NUMBERS) {
            parsed.steps().addAll(List.of(context.readValue(in, Integer[].class)));
          } else if (name.equals(SPEEDS) && numbers == NUMBERS) {
            parsed.speeds().addAll(List.of(context.readValue(in, Double[].class)));
          } else if (value.isStructStart()) {
            in.skipChildren();
          }
        } catch (JsonMappingException e) {
          throw JsonMappingException.wrapWithPath(e, RoundMetrics.class, name);
        }
      }
      return timed;
    }
  }
}
