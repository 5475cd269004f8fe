"""What is reported when a task or a run ends: a line of the log, a metric where
the Variable `vqe_pushgateway` (URL) or `vqe_statsd` (HOST:PORT) is set, and of
runs an e-mail where `vqe_email` is, by the Connection `smtp_default`.

A report that cannot be sent is a warning; it fails no task.
"""

import datetime
import logging
import socket
import urllib.error
import urllib.parse
import urllib.request

from airflow.providers.smtp.notifications.smtp import SmtpNotifier

from . import settings

log = logging.getLogger("vqe.report")
TIMEOUT = 10


def _push(url, dag, task, state, seconds):
    """Gauges at a Pushgateway, one group for each task."""
    name = "task" if task else "run"
    lines = [f"vqe_airflow_{name}_success {int(state == 'success')}"]
    if state == "success":
        now = datetime.datetime.now(datetime.timezone.utc).timestamp()
        lines.append(f"vqe_airflow_{name}_last_success_timestamp_seconds {now:.3f}")
    if seconds is not None:
        lines.append(f"vqe_airflow_{name}_duration_seconds {seconds:.3f}")
    body = "".join(f"# TYPE {line.split(' ')[0]} gauge\n{line}\n" for line in lines)
    place = f"{url.rstrip('/')}/metrics/job/vqe_airflow/dag/{urllib.parse.quote(dag, safe='')}"
    if task:
        place += f"/task/{urllib.parse.quote(task, safe='')}"
    request = urllib.request.Request(place, data=body.encode(), method="POST")
    urllib.request.urlopen(request, timeout=TIMEOUT).close()


def _count(target, dag, task, state, seconds):
    """A counter and a timer of statsd."""
    host, _, port = target.rpartition(":")
    name = ".".join(part for part in ("vqe_airflow", dag, task) if part)
    lines = [f"{name}.{state}:1|c"]
    if seconds is not None:
        lines.append(f"{name}.duration:{seconds * 1000:.0f}|ms")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto("\n".join(lines).encode(), (host, int(port)))


def _measure(dag, task, state, seconds):
    for name, send in (("vqe_pushgateway", _push), ("vqe_statsd", _count)):
        target = settings.setting(name)
        if target:
            try:
                send(target, dag, task, state, seconds)
            except (OSError, ValueError, urllib.error.URLError) as error:
                log.warning("no metric at %s '%s': %s", name, target, error)


def _seconds(thing):
    start = getattr(thing, "start_date", None)
    if start is None:
        return None
    end = getattr(thing, "end_date", None) or datetime.datetime.now(datetime.timezone.utc)
    return (end - start).total_seconds()


def _task(context, state):
    ti = context["ti"]
    seconds = _seconds(ti)
    text = f"{ti.dag_id}.{ti.task_id}, run {ti.run_id}, attempt {ti.try_number}: {state}"
    if state == "success":
        log.info(text)
    else:
        log.warning("%s: %s", text, context.get("exception"))
    _measure(ti.dag_id, ti.task_id, state, seconds)


def task_succeeded(context):
    _task(context, "success")


def task_retried(context):
    _task(context, "retry")


def task_failed(context):
    _task(context, "failed")


def _mail(subject, text, context):
    to = settings.setting("vqe_email")
    if not to:
        return
    try:
        SmtpNotifier(
            to=[address.strip() for address in to.split(",")],
            from_email=settings.setting("vqe_email_from"),
            subject=subject,
            html_content=f"<pre>{text}</pre>",
        ).notify(context)
    except Exception as error:  # whatever a mail server does
        log.warning("no e-mail to '%s': %s", to, error)


def _run(context, state):
    run = context["dag_run"]
    text = f"{run.dag_id}, run {run.run_id}: {state}"
    reason = context.get("reason")
    if state == "success":
        log.info(text)
    else:
        log.error("%s: %s", text, reason)
    _measure(run.dag_id, None, state, _seconds(run))
    _mail(f"vqe: {text}", f"{text}\nreason: {reason}\n", context)


def run_succeeded(context):
    _run(context, "success")


def run_failed(context):
    _run(context, "failed")
