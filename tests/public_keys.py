"""Public keys that anybody may have, one for each kind of JWT that is verified with one."""

PUBLIC = {
    "RS256": """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvYq9463ThDXW4GV+gdTT
rpKSt8uBmu6Idir0Uw5MSUFG8b8zYCehsacYfqIpdBHhmgrT9trN2PgIc86EIdHQ
Y2Fk+Pys2EhouwPVvIYDyC2hzKz9RB5M5mOczKpp0rX+MI/zAMv0lwtocdUGjXvW
T9sbTq8ieIwxrHx7MfDXLxSRNd9x/iWNPFjJPXMYOiybWmWmEhSOg3xn2PrRS0Af
78PsWrrxgBUBV2sOsdgXKHjkfWK12haBIsHaPfkpj7gVF+2lQaTHiq24k2wmdQ+c
WvrGhk3IMxBdMJf/EjIDTmZuPxU8+EVjVGhPqt/VkQtFx+VVFIONbwm21h7bz6Cd
OwIDAQAB
-----END PUBLIC KEY-----
""",
    "ES256": """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEyTe0kukQnfkLUHi7LAFqDiF7H/lD
6c8X8OL/TZ5nBp4iwWO4dExvnIRMoZQI776J5nm/F4iy0pRtnz9Zr46a1g==
-----END PUBLIC KEY-----
""",
    "EdDSA": """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAvhqwqZOvQb1WKBwT8Rzbv/2unu3iw4TV8yrVNou0xfE=
-----END PUBLIC KEY-----
""",
}
