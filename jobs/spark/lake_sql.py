"""The SQL of schemas/sql in Spark's dialect.

One text serves both engines: sqlglot translates it, and what Spark spells in
another way is replaced in the syntax tree.
"""

import os

import sqlglot
from sqlglot import exp

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCHEMAS = os.environ.get("VQE_SCHEMAS") or os.path.join(ROOT, "schemas")


def _is_call(node, name):
    return isinstance(node, exp.Anonymous) and str(node.this).upper() == name


def _explode_with_position(select):
    """unnest(x) AS v, generate_subscripts(x, 1) - 1 AS i becomes
    posexplode(x) AS (i, v)."""
    values = [e for e in select.expressions if e.find(exp.Explode)]
    if not values:
        return
    (value,) = values
    (position,) = [
        e
        for e in select.expressions
        if any(_is_call(call, "GENERATE_SUBSCRIPTS") for call in e.find_all(exp.Anonymous))
    ]
    names = [exp.to_identifier(position.alias), exp.to_identifier(value.alias)]
    generator = exp.Posexplode(this=value.find(exp.Explode).this.copy())
    value.replace(exp.Aliases(this=generator, expressions=names))
    position.pop()


def _replaced_columns(select):
    """SELECT * REPLACE (x AS c) becomes SELECT * EXCEPT (c), x AS c."""
    for star in select.find_all(exp.Star):
        replaced = star.args.get("replace")
        if replaced and star.parent is select:
            star.set("replace", None)
            star.set("except_", [exp.to_identifier(e.alias) for e in replaced])
            select.set("expressions", [*select.expressions, *replaced])


def _spark(node):
    if isinstance(node, exp.Select):
        _explode_with_position(node)
        _replaced_columns(node)
    if isinstance(node, exp.ArrayAgg) and isinstance(node.this, exp.Order):
        # list(x ORDER BY k): sort pairs, then take the second
        (key,) = (o.this for o in node.this.expressions)
        return sqlglot.parse_one(
            f"transform(array_sort(collect_list(struct({key.sql()}, {node.this.this.sql()} "
            "AS value))), pair -> pair.value)",
            read="spark",
        )
    if _is_call(node, "ISFINITE"):
        value = node.expressions[0].sql()
        return sqlglot.parse_one(
            f"(NOT isnan({value}) AND abs({value}) <> CAST('Infinity' AS DOUBLE))", read="spark"
        )
    return node


def statements(name):
    """The statements of schemas/sql/NAME.sql for Spark."""
    with open(os.path.join(SCHEMAS, "sql", name + ".sql"), encoding="utf-8") as stream:
        trees = sqlglot.parse(stream.read(), read="duckdb")
    return [tree.transform(_spark).sql(dialect="spark", comments=False) for tree in trees if tree]
