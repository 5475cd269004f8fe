# shellcheck shell=bash
# Sourced: a Kafka broker and a schema registry on loopback, for `up` and for
# tests.
#
#   kafka_start DIR [sasl|closed]  starts a broker of one node with its data in
#                      DIR; exports KAFKA_BROKERS. With `closed` nobody gets in
#                      but KAFKA_USER, by SASL_SSL with SCRAM-SHA-512, and
#                      whoever may read the key of the broker in DIR
#                      (kafka_admin does). With `sasl` clients come by
#                      SASL_SSL with SCRAM or PLAIN: exports KAFKA_CA_FILE,
#                      KAFKA_USER and KAFKA_PASSWORD (and KAFKA_READER, a user
#                      without rights, with the same password). Beside it,
#                      KAFKA_MTLS takes the certificate in client.pem and
#                      client.key of DIR, whose key has the same password, and
#                      KAFKA_OAUTH takes unsecured JSON web tokens of that
#                      user.
#                      Data and port of an earlier start in DIR are there
#                      again.
#   kafka_stop         ends it.
#   kafka_kill         ends it as a crash would.
#   kafka_admin CLASS ...  runs a command-line tool of Kafka.
#   kafka_topic OPTION ...  runs its TopicCommand against the broker.
#   registry_start DIR [kept]  starts the registry; exports REGISTRY_URL. It
#                      forgets its schemas when it ends, unless they are
#                      `kept`: then it keeps them in DIR, and takes TLS alone,
#                      with the certificate registry.pem and registry.key of
#                      DIR, made by ca.pem there.
#   registry_stop      ends it.
#
# DETACHED=setsid in the environment has both outlive the shell; STARTED names a
# function that gets the id of each process as soon as it is there.
# KAFKA_PID and REGISTRY_PID are their processes. Status 77: Java, Maven or
# what they fetch is not to be had (jobs/setup/kafka.sh).

kafka_home() {
  local setup
  setup=$(dirname "${BASH_SOURCE[0]}")/../../jobs/setup/kafka.sh
  "$setup" 2>&1 | tail -n 1
}

# the first of five neighbours that are free, below those that the system
# gives to whoever asks for any
kafka_free_port() {
  python3 -I -c 'import random, socket

def is_free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

ports = iter(lambda: random.randrange(15000, 32000, 5), None)
print(next(p for p in ports if all(map(is_free, range(p, p + 5)))))'
}

kafka_prepare() {
  command -v java >/dev/null || {
    echo "skipped: no Java" >&2
    return 77
  }
  KAFKA_HOME=$(kafka_home)
  [ -d "$KAFKA_HOME/lib" ] || {
    echo "skipped: no Kafka: $KAFKA_HOME" >&2
    return 77
  }
}

kafka_java() {
  local memory=$1
  shift
  java "-Xmx$memory" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    "-Dlog4j2.configurationFile=$KAFKA_DIR/log4j2.properties" \
    -cp "$KAFKA_HOME/lib/*" "$@"
}

kafka_admin() {
  kafka_java 128m "$@"
}

# kafka_topic OPTION...: TopicCommand against the broker
kafka_topic() {
  local options=(--bootstrap-server "$KAFKA_INSIDE")
  if [ -f "$KAFKA_DIR/admin.properties" ]; then
    options+=(--command-config "$KAFKA_DIR/admin.properties")
  fi
  kafka_admin org.apache.kafka.tools.TopicCommand "${options[@]}" "$@"
}

# that of the broker, and one of a client
kafka_certificate() {
  "$(dirname "${BASH_SOURCE[0]}")/certificates" "$KAFKA_DIR" broker || return
  (umask 077 && cat "$KAFKA_DIR/broker.key" "$KAFKA_DIR/broker.pem" \
    >"$KAFKA_DIR/keystore.pem")
  [ -f "$KAFKA_DIR/client.pem" ] ||
    KEY_PASSWORD=$KAFKA_PASSWORD openssl req -x509 -newkey rsa:2048 -days 2 \
      -subj "/CN=$KAFKA_USER" -passout env:KEY_PASSWORD \
      -keyout "$KAFKA_DIR/client.key" -out "$KAFKA_DIR/client.pem" 2>/dev/null
}

kafka_configure() {
  local port=$1 control=$2 mode=$3
  cat >"$KAFKA_DIR/log4j2.properties" <<'PROPERTIES'
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
PROPERTIES
  # it may hold a password
  (umask 077 && : >"$KAFKA_DIR/server.properties")
  cat >"$KAFKA_DIR/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$control
controller.listener.names=CONTROLLER
inter.broker.listener.name=INSIDE
listeners=CLIENTS://127.0.0.1:$port,INSIDE://127.0.0.1:0,CONTROLLER://127.0.0.1:$control
advertised.listeners=CLIENTS://127.0.0.1:$port,INSIDE://127.0.0.1:$((port + 1))
log.dirs=$KAFKA_DIR/data
num.partitions=3
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.flush.interval.messages=1
PROPERTIES
  # the broker talks to itself by a fixed port
  sed -i "s/INSIDE:\/\/127.0.0.1:0/INSIDE:\/\/127.0.0.1:$((port + 1))/" \
    "$KAFKA_DIR/server.properties"
  case $mode in
    sasl) kafka_configure_sasl "$port" ;;
    closed) kafka_configure_closed ;;
    *)
      echo "listener.security.protocol.map=CLIENTS:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT" \
        >>"$KAFKA_DIR/server.properties"
      ;;
  esac
}

# every way to log in, for tests
kafka_configure_sasl() {
  local port=$1
  sed -i -E "s/^((advertised\.)?listeners=.*)/\1,MTLS:\/\/127.0.0.1:$((port + 3)),OAUTH:\/\/127.0.0.1:$((port + 4))/" \
    "$KAFKA_DIR/server.properties"
  cat >>"$KAFKA_DIR/server.properties" <<PROPERTIES
listener.security.protocol.map=CLIENTS:SASL_SSL,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT,MTLS:SSL,OAUTH:SASL_SSL
listener.name.mtls.ssl.client.auth=required
listener.name.mtls.ssl.truststore.type=PEM
listener.name.mtls.ssl.truststore.location=$KAFKA_DIR/client.pem
listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.oauth.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
listener.name.clients.sasl.enabled.mechanisms=SCRAM-SHA-512,SCRAM-SHA-256,PLAIN
listener.name.clients.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.clients.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.clients.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_$KAFKA_USER="$KAFKA_PASSWORD";
ssl.keystore.type=PEM
ssl.keystore.location=$KAFKA_DIR/keystore.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:$KAFKA_USER;User:CN=$KAFKA_USER
PROPERTIES
}

# neighbours on this machine reach the loopback: each listener asks who comes
kafka_configure_closed() {
  cat >>"$KAFKA_DIR/server.properties" <<PROPERTIES
listener.security.protocol.map=CLIENTS:SASL_SSL,INSIDE:SSL,CONTROLLER:SSL
listener.name.clients.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.inside.ssl.client.auth=required
listener.name.controller.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location=$KAFKA_DIR/keystore.pem
ssl.truststore.type=PEM
ssl.truststore.location=$KAFKA_DIR/ca.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:CN=broker;User:$KAFKA_USER
PROPERTIES
  cat >"$KAFKA_DIR/admin.properties" <<PROPERTIES
security.protocol=SSL
ssl.keystore.type=PEM
ssl.keystore.location=$KAFKA_DIR/keystore.pem
ssl.truststore.type=PEM
ssl.truststore.location=$KAFKA_DIR/ca.pem
PROPERTIES
}

kafka_await() {
  local pid=$1 port=$2 log=$3 tries=0
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ] || ! kill -0 "$pid" 2>/dev/null; then
      echo "it does not start:" >&2
      tail -n 20 "$log" >&2
      return 1
    fi
    sleep 0.1
  done
}

# passwords are among its arguments: Java reads them from a file, so that they
# stand in no list of processes
kafka_format() {
  local status=0
  (
    umask 077
    printf '"%s"\n' -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
      "-Dlog4j2.configurationFile=$KAFKA_DIR/log4j2.properties" \
      -cp "$KAFKA_HOME/lib/*" kafka.tools.StorageTool format "$@" \
      >"$KAFKA_DIR/format.args"
  )
  java "@$KAFKA_DIR/format.args" || status=$?
  rm "$KAFKA_DIR/format.args"
  return "$status"
}

# its ports in the configuration, and what it is known by
kafka_settle() {
  local mode=$1 port
  port=$(kafka_free_port)
  (umask 077 && echo "$port $KAFKA_PASSWORD" >"$KAFKA_DIR/state")
  kafka_configure "$port" "$((port + 2))" "$mode"
}

# once; one that was cut begins anew
kafka_prepare_data() {
  local mode=$1 format name mechanism
  rm -rf "$KAFKA_DIR/data"
  KAFKA_PASSWORD=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
  rm -f "$KAFKA_DIR/client.pem"
  kafka_settle "$mode"
  format=(-c "$KAFKA_DIR/server.properties"
    -t "$(kafka_admin kafka.tools.StorageTool random-uuid | tail -n 1)")
  if [ "$mode" != plain ]; then
    for name in "$KAFKA_USER" "$KAFKA_READER"; do
      for mechanism in SCRAM-SHA-512 SCRAM-SHA-256; do
        format+=(--add-scram
          "$mechanism=[name=$name,password=$KAFKA_PASSWORD]")
      done
    done
  fi
  kafka_format "${format[@]}" >"$KAFKA_DIR/format.log" 2>&1 || {
    cat "$KAFKA_DIR/format.log" >&2
    return 1
  }
  touch "$KAFKA_DIR/formatted"
}

kafka_start() {
  local mode=${2:-plain} port
  kafka_prepare || return
  KAFKA_DIR=$(realpath -m "$1")
  mkdir -p "$KAFKA_DIR"
  KAFKA_USER=writer
  KAFKA_READER=nobody
  if [ ! -f "$KAFKA_DIR/formatted" ]; then
    kafka_prepare_data "$mode" || return
  fi
  read -r port KAFKA_PASSWORD <"$KAFKA_DIR/state"
  # taken by another program since
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    kafka_settle "$mode"
    read -r port KAFKA_PASSWORD <"$KAFKA_DIR/state"
  fi
  if [ "$mode" != plain ]; then
    kafka_certificate || return
  fi
  ${DETACHED:-} java -Xmx256m -XX:+UseSerialGC \
    "-Dlog4j2.configurationFile=$KAFKA_DIR/log4j2.properties" \
    -cp "$KAFKA_HOME/lib/*" kafka.Kafka "$KAFKA_DIR/server.properties" \
    >>"$KAFKA_DIR/server.log" 2>&1 &
  KAFKA_PID=$!
  "${STARTED:-:}" "$KAFKA_PID"
  kafka_await "$KAFKA_PID" "$port" "$KAFKA_DIR/server.log" || return
  KAFKA_BROKERS=127.0.0.1:$port
  KAFKA_INSIDE=127.0.0.1:$((port + 1))
  KAFKA_MTLS=127.0.0.1:$((port + 3))
  KAFKA_OAUTH=127.0.0.1:$((port + 4))
  KAFKA_CA_FILE=$KAFKA_DIR/ca.pem
  export KAFKA_PID KAFKA_BROKERS KAFKA_INSIDE KAFKA_MTLS KAFKA_OAUTH \
    KAFKA_CA_FILE KAFKA_USER KAFKA_READER KAFKA_PASSWORD
}

kafka_end() {
  local pid=$1
  [ -n "$pid" ] || return 0
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

kafka_stop() {
  kafka_end "${KAFKA_PID:-}"
  KAFKA_PID=
}

kafka_kill() {
  kill -9 "$KAFKA_PID"
  wait "$KAFKA_PID" 2>/dev/null || true
  KAFKA_PID=
}

registry_start() {
  local port scheme=http trust=(--noproxy '*') settings
  kafka_prepare || return
  REGISTRY_DIR=$(realpath -m "$1")
  mkdir -p "$REGISTRY_DIR"
  [ -f "$REGISTRY_DIR/port" ] || kafka_free_port >"$REGISTRY_DIR/port"
  read -r port <"$REGISTRY_DIR/port"
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    kafka_free_port >"$REGISTRY_DIR/port"
    read -r port <"$REGISTRY_DIR/port"
  fi
  settings=("-Dquarkus.http.port=$port")
  if [ "${2:-}" = kept ]; then
    scheme=https
    trust+=(--cacert "$REGISTRY_DIR/ca.pem")
    settings=("-Dquarkus.http.ssl-port=$port"
      -Dquarkus.http.insecure-requests=disabled
      "-Dquarkus.http.ssl.certificate.files=$REGISTRY_DIR/registry.pem"
      "-Dquarkus.http.ssl.certificate.key-files=$REGISTRY_DIR/registry.key"
      "-Dquarkus.datasource.jdbc.url=jdbc:h2:file:$REGISTRY_DIR/schemas")
  fi
  ${DETACHED:-} java -Xmx160m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    "-Dquarkus.http.host=127.0.0.1" "${settings[@]}" \
    -Dregistry.ccompat.use-canonical-hash=true -Dquarkus.log.level=WARN \
    -jar "$KAFKA_HOME/registry"/*-runner.jar >>"$REGISTRY_DIR/log" 2>&1 &
  REGISTRY_PID=$!
  "${STARTED:-:}" "$REGISTRY_PID"
  kafka_await "$REGISTRY_PID" "$port" "$REGISTRY_DIR/log" || return
  REGISTRY_URL=$scheme://127.0.0.1:$port/apis/ccompat/v7
  export REGISTRY_URL
  curl -sf "${trust[@]}" --retry 20 --retry-all-errors --retry-delay 1 \
    -X PUT -H 'Content-Type: application/json' \
    -d '{"compatibility": "BACKWARD"}' "$REGISTRY_URL/config" >/dev/null
}

registry_stop() {
  kafka_end "${REGISTRY_PID:-}"
  REGISTRY_PID=
}
