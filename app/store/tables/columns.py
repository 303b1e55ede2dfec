"""The metadata of all tables, and the columns many of them share."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    func,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def created_at() -> Column[object]:
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp())


def of_job(*, primary: bool = False) -> Column[int]:
    return Column("job_id", Integer, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=primary, nullable=False)


def of_project() -> Column[int]:
    return Column("project_id", Integer, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)


def big_key() -> Column[int]:
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def small_key() -> Column[int]:
    return Column("id", Integer, Identity(always=True), primary_key=True)
