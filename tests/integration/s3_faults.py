"""A small S3 store in memory that fails on demand, for tests of the client.

Listens on a free port of 127.0.0.1 and prints it. Signatures (SigV4), body
hashes and regions are checked with code of its own, so that what it accepts
is right and not only what the client believes. Each line of JSON on standard
input is a command, and gets one line back:

  {"fault": KIND, "method": M, "times": N}  the next N requests of method M fail
  {"set": {"conditional": bool, "page": N}} behaviour; further settings:
      "etags": "md5" or "opaque" (32 digits that are no MD5),
      "encoded": bool (listings honour encoding-type=url and say so),
      "upload_age": seconds since uploads began
  {"report": true}                          counts of requests and connections
  {"clear": true}                           forget faults, objects and counts

KIND is a status (500, 503, 429, 409, ...) or
  cut          the connection closes without a response, nothing is done
  cut_after    it is done, then the connection closes without a response
  slow         the response comes after 30 s
  drip         the body comes with 10 bytes a second
  truncate     half of the body, then the connection closes
  flip         one byte of the body is another
  etag         the ETag is that of something else
  html         a page of HTML with status 200
  again        a listing always has the same next page
  outside, marks, forward
               it has ever new pages: of keys that are not of the place, of the
               mark of one folder, of ever greater keys
  STATUS:CODE  an error of that status and code of S3
  damage       what is stored has another byte, and the ETag of that
  error_in_200 status 200 with an <Error> in the body
  echo_secret  403 with the key that was used in the text
The end of standard input ends it.
"""

import hashlib
import hmac
import http.server
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

KEY_ID, SECRET, REGION = "GKtestkey", "secret/of+the=test", "test-region"
BUCKET = "bucket"
LOCK = threading.RLock()


class Store:
    def __init__(self):
        self.clear()
        self.conditional = True
        self.page = 1000
        self.etags = "md5"
        self.encoded = True
        self.upload_age = 0
        self.turn = 0

    def etag(self, content):
        salt = b"" if self.etags == "md5" else b"salt"
        return hashlib.md5(salt + content).hexdigest()

    def clear(self):
        self.objects = {}
        self.uploads = {}
        self.upload_keys = {}
        self.aborted = 0
        self.faults = []
        self.requests = []
        self.connections = 0


STORE = Store()


def hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature_fault(handler, body):
    """Reason why the signature of a request is wrong, or None."""
    headers = {k.lower(): v.strip() for k, v in handler.headers.items()}
    match = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
        r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
        headers.get("authorization", ""),
    )
    if match is None:
        return 403, "AccessDenied", "no signature"
    key_id, date, region, signed, given = match.groups()
    if region != REGION:
        return (
            400,
            "AuthorizationHeaderMalformed",
            f"the region '{region}' is wrong; expecting '{REGION}'",
        )
    if key_id != KEY_ID:
        return 403, "InvalidAccessKeyId", f"No such key: {key_id}"
    if headers.get("x-amz-content-sha256") != hashlib.sha256(body).hexdigest():
        return 400, "XAmzContentSHA256Mismatch", "the body has another hash"
    names = signed.split(";")
    if names != sorted(names):
        return 403, "SignatureDoesNotMatch", "headers out of order"
    for name in headers:
        if name.startswith("x-amz-") and name not in names:
            return 403, "SignatureDoesNotMatch", f"{name} is not signed"
    path, _, query = handler.path.partition("?")
    pairs = query.split("&") if query else []
    if any("=" not in pair for pair in pairs):
        return 403, "SignatureDoesNotMatch", "a valueless query without '='"
    for pair in pairs:
        for part in pair.split("="):
            plain = urllib.parse.unquote(part)
            if urllib.parse.quote(plain, safe="-_.~") != part:
                return 403, "SignatureDoesNotMatch", f"encoding of {part}"
    if urllib.parse.quote(urllib.parse.unquote(path), safe="/-_.~") != path:
        return 403, "SignatureDoesNotMatch", f"encoding of {path}"
    canonical = "\n".join(
        [
            handler.command,
            path,
            "&".join(sorted(pairs)),
            "".join(f"{n}:{' '.join(headers[n].split())}\n" for n in names),
            signed,
            headers["x-amz-content-sha256"],
        ]
    )
    scope = f"{date}/{region}/s3/aws4_request"
    to_sign = "\n".join(
        [
            "AWS4-HMAC-SHA256",
            headers["x-amz-date"],
            scope,
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = ("AWS4" + SECRET).encode()
    for part in (date, region, "s3", "aws4_request"):
        key = hmac_sha256(key, part)
    right = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    if right != given:
        return 403, "SignatureDoesNotMatch", "Invalid signature"
    return None


class Cut(Exception):
    """Close the connection now."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        with LOCK:
            STORE.connections += 1

    def log_message(self, *_):
        pass

    def respond(self, status, body=b"", headers=(), kind=None):
        etag = dict(headers).get("ETag")
        if kind == "etag" and etag is not None:
            headers = [("ETag", '"' + 32 * "0" + '"')]
        if kind == "html":
            status, body, headers = 200, b"<html><body>hello</body></html>", []
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        length = dict(headers).get("Content-Length")
        if length is None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if kind == "truncate":
            self.wfile.write(body[: len(body) // 2])
            raise Cut
        if kind == "flip" and body:
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        if kind == "drip":
            for start in range(0, min(len(body), 300), 10):
                self.wfile.write(body[start : start + 10])
                time.sleep(1)
            raise Cut
        self.wfile.write(body)

    def error(self, status, code, text=""):
        body = (
            '<?xml version="1.0" encoding="UTF-8"?><Error>'
            f"<Code>{code}</Code><Message>{escape(text)}</Message></Error>"
        )
        self.respond(status, body.encode())

    def take_fault(self):
        with LOCK:
            for fault in STORE.faults:
                if fault["method"] in (self.command, "*") and fault["times"] > 0:
                    fault["times"] -= 1
                    return fault["fault"]
        return None

    def handle_request(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        kind = self.take_fault()
        with LOCK:
            STORE.requests.append(self.command)
        try:
            if isinstance(kind, int):
                self.error(kind, "Fault", "on demand")
            elif kind and re.fullmatch(r"\d+:\w+", kind):
                status, _, code = kind.partition(":")
                self.error(int(status), code, "on demand")
            elif kind == "cut":
                raise Cut
            elif kind == "echo_secret":
                text = f"No such key: {KEY_ID}, with {SECRET}"
                self.error(403, "AccessDenied", text)
            else:
                if kind == "slow":
                    time.sleep(30)
                self.serve(body, kind)
        except (Cut, BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_request

    def serve(self, body, kind):
        wrong = signature_fault(self, body)
        if wrong is not None:
            self.error(*wrong)
            return
        path, _, query = self.path.partition("?")
        arguments = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        bucket, _, key = urllib.parse.unquote(path)[1:].partition("/")
        if bucket != BUCKET:
            self.error(404, "NoSuchBucket", bucket)
            return
        with LOCK:
            reply = self.act(key, arguments, body, kind)
        if kind == "cut_after":
            raise Cut
        status, content, headers = reply
        if status >= 400:
            self.error(status, content)
        else:
            self.respond(status, content, headers, kind)

    def act(self, key, arguments, body, kind):
        """Status, body or error code, headers."""
        objects = STORE.objects
        if self.command == "GET" and not key and "uploads" in arguments:
            return 200, self.list_uploads(arguments), []
        if self.command == "GET" and not key:
            return 200, self.listing(arguments, kind), []
        if self.command in ("GET", "HEAD"):
            if key not in objects:
                return 404, "NoSuchKey", []
            content, etag = objects[key]
            headers = [("ETag", f'"{etag}"')]
            if self.command == "HEAD":
                headers.append(("Content-Length", str(len(content))))
            return 200, content, headers
        if self.command == "POST" and "uploads" in arguments:
            upload = f"id/{len(STORE.uploads)}+=x"
            STORE.uploads[upload] = {}
            STORE.upload_keys[upload] = key
            text = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
            return 200, text.encode(), []
        if "uploadId" in arguments:
            upload = STORE.uploads.get(arguments["uploadId"])
            if upload is None:
                return 404, "NoSuchUpload", []
            if self.command == "DELETE":
                del STORE.uploads[arguments["uploadId"]]
                STORE.aborted += 1
                return 204, b"", []
            if self.command == "PUT":
                etag = STORE.etag(body)
                upload[int(arguments["partNumber"])] = (body, etag)
                return 200, b"", [("ETag", f'"{etag}"')]
            if kind == "error_in_200":
                return 200, b"<Error><Code>InternalError</Code></Error>", []
            parts = re.findall(
                r"<PartNumber>(\d+)</PartNumber><ETag>(?:&quot;|\")?([0-9a-f]+)",
                body.decode(),
            )
            if [(int(n), e) for n, e in parts] != sorted(
                (n, e) for n, (_, e) in upload.items()
            ):
                return 400, "InvalidPart", []
            content = b"".join(upload[n][0] for n in sorted(upload))
            sums = b"".join(bytes.fromhex(upload[n][1]) for n in sorted(upload))
            etag = f"{hashlib.md5(sums).hexdigest()}-{len(upload)}"
            objects[key] = (content, etag)
            del STORE.uploads[arguments["uploadId"]]
            return 200, b"<CompleteMultipartUploadResult/>", []
        if self.command == "PUT":
            if (
                STORE.conditional
                and self.headers.get("If-None-Match") == "*"
                and key in objects
            ):
                return 412, "PreconditionFailed", []
            if kind == "damage" and body:
                body = bytes([body[0] ^ 1]) + body[1:]
            etag = STORE.etag(body)
            objects[key] = (body, etag)
            return 200, b"", [("ETag", f'"{etag}"')]
        if self.command == "DELETE":
            objects.pop(key, None)
            return 204, b"", []
        return 405, "MethodNotAllowed", []

    def listing(self, arguments, kind):
        prefix = arguments.get("prefix", "")
        delimiter = arguments.get("delimiter")
        start = arguments.get("continuation-token", "")
        start = start[len("token/+ ") :] if start else ""
        quote = urllib.parse.quote_plus if STORE.encoded else escape
        found = set()
        for key in STORE.objects:
            if key.startswith(prefix):
                rest = key[len(prefix) :]
                if delimiter and delimiter in rest:
                    key = prefix + rest.split(delimiter)[0] + delimiter
                found.add(key)
        found = sorted(key for key in found if key > start)
        page, more = found[: STORE.page], len(found) > STORE.page
        text = f"<ListBucketResult><Prefix>{quote(prefix)}</Prefix>"
        for key in page:
            if delimiter and key.endswith(delimiter):
                text += f"<CommonPrefixes><Prefix>{quote(key)}</Prefix></CommonPrefixes>"
            else:
                size = len(STORE.objects[key][0])
                text += (
                    f"<Contents><Key>{quote(key)}</Key><Size>{size}</Size>"
                    "<LastModified>2026-01-02T03:04:05.678Z</LastModified>"
                    "<ETag>&quot;x&quot;</ETag></Contents>"
                )
        if kind == "again":
            more, page = True, ["same"]
        if kind == "turns":  # two pages for ever
            more, page = True, ["b" if start == "a" else "a"]
        if kind == "empty":  # new tokens without keys for ever
            STORE.turn += 1
            more, page = True, [f"{STORE.turn:09}"]
            text = "<ListBucketResult>"
        if kind in ("outside", "marks", "forward"):  # ever new keys
            STORE.turn += 1
            more, page = True, [f"{STORE.turn:09}"]
            key = {"outside": "elsewhere/{}", "marks": prefix + "mark/",
                   "forward": prefix + "{}.json"}[kind].format(page[0])
            text = f"<ListBucketResult><Contents><Key>{quote(key)}</Key></Contents>"
        if more:
            text += f"<NextContinuationToken>token/+ {escape(page[-1])}</NextContinuationToken>"
        if STORE.encoded:
            text += "<EncodingType>url</EncodingType>"
        text += f"<IsTruncated>{'true' if more else 'false'}</IsTruncated></ListBucketResult>"
        return text.encode()

    def list_uploads(self, arguments):
        """Pages of one."""
        quote = urllib.parse.quote_plus if STORE.encoded else escape
        after = (arguments.get("key-marker", ""), arguments.get("upload-id-marker", ""))
        found = sorted((k, u) for u, k in STORE.upload_keys.items())
        found = [
            (k, u)
            for k, u in found
            if u in STORE.uploads
            and k.startswith(arguments.get("prefix", ""))
            and (k, u) > after
        ]
        began = time.gmtime(time.time() - STORE.upload_age)
        text = "<ListMultipartUploadsResult>"
        for key, upload in found[:1]:
            text += (
                f"<Upload><Key>{quote(key)}</Key><UploadId>{upload}</UploadId>"
                f"<Initiated>{time.strftime('%Y-%m-%dT%H:%M:%S.000Z', began)}"
                "</Initiated></Upload>"
                f"<NextKeyMarker>{quote(key)}</NextKeyMarker>"
                f"<NextUploadIdMarker>{upload}</NextUploadIdMarker>"
            )
        if STORE.encoded:
            text += "<EncodingType>url</EncodingType>"
        more = "true" if len(found) > 1 else "false"
        text += f"<IsTruncated>{more}</IsTruncated></ListMultipartUploadsResult>"
        return text.encode()


def command(line):
    order = json.loads(line)
    with LOCK:
        if "fault" in order:
            order.setdefault("times", 1)
            order.setdefault("method", "*")
            STORE.faults.append(order)
        if "set" in order:
            for name, value in order["set"].items():
                setattr(STORE, name, value)
        if "clear" in order:
            STORE.clear()
        return {
            "requests": len(STORE.requests),
            "connections": STORE.connections,
            "objects": len(STORE.objects),
            "uploads": len(STORE.uploads),
            "aborted": STORE.aborted,
        }


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    folder = None
    if "--tls" in sys.argv:
        folder = tempfile.TemporaryDirectory()
        key, cert = (os.path.join(folder.name, n) for n in ("key.pem", "cert.pem"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"]
            + ["-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost"]
            + ["-addext", "subjectAltName=IP:127.0.0.1"],
            check=True,
            capture_output=True,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_address[1], cert, flush=True)
    else:
        print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for line in sys.stdin:
        print(json.dumps(command(line)), flush=True)


if __name__ == "__main__":
    main()
