"""Keys and requests as a bureau makes them, and certificates as an authority makes them, by openssl alone:
  enrolling.py request FOLDER CODE SIGN_CURVE   keys (they never leave the folder) and certificate requests; to sign, P-256 or P-384
  enrolling.py certify FOLDER CODE CA KEY       the authority's side: only the requests are read, the profile is the authority's"""
import os
import sys

from tool import ONLY_OUR_CA, openssl

PROFILES = {
    "tls": ("digitalSignature", "clientAuth"),
    "sign": ("digitalSignature,nonRepudiation", "emailProtection"),
    "seal": ("keyAgreement", "emailProtection"),
}


def request(folder, code, sign_curve):
    os.umask(0o077)
    for use in PROFILES:
        curve = sign_curve if use == "sign" else "P-256"
        key = os.path.join(folder, f"{use}.key")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-pkeyopt", "ec_param_enc:named_curve", "-out", key)
        openssl("req", "-new", "-key", key, "-subj", f"/O=Bureau {code}/CN={code} {use}", "-out", os.path.join(folder, f"{use}.csr"))


def certify(folder, code, ca, ca_key):
    for use, (usage, extended) in PROFILES.items():
        profile = os.path.join(folder, f"{use}.profile")
        with open(profile, "w", encoding="ascii") as file:
            file.write("basicConstraints=critical,CA:FALSE\n"
                       f"keyUsage=critical,{usage}\nextendedKeyUsage={extended}\n"
                       f"subjectAltName=URI:urn:backbone:bureau:{code}\n"
                       "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        certificate = os.path.join(folder, f"{use}.pem")
        openssl("x509", "-req", "-sha256", "-days", "365", "-in", os.path.join(folder, f"{use}.csr"), "-CA", ca, "-CAkey", ca_key,
                "-extfile", profile, "-out", certificate)
        openssl("verify", *ONLY_OUR_CA, ca, certificate)


{"request": request, "certify": certify}[sys.argv[1]](*sys.argv[2:])
